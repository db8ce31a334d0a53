import { useState } from 'preact/hooks'
import type { CreatedWebhook, NewWebhook } from '../client/client.ts'
import type { Account } from './account.ts'
import { ProblemNote } from './problem-note.tsx'
import { hashOf } from './route.ts'
import { ageOf, shown, spanOf } from './shown.ts'
import { useCall } from './use-call.ts'
import { listOf, useFields } from './use-fields.tsx'
import { usePolled } from './use-polled.ts'

const EACH = 1_500
/** the most that a tenant may have */
const LIMIT = 100

export function WebhookList({ account }: { account: Account }) {
  const [isMaking, setMaking] = useState(false)
  const { value, problem, look } = usePolled(async (signal) => (await account.client.webhooks.list({ limit: LIMIT }, { signal })).data, {
    each: EACH,
    key: '',
  })
  return (
    <main>
      <div class="title">
        <h1>Webhooks</h1>
        <button type="button" aria-expanded={isMaking} onClick={() => setMaking(true)}>
          Make a webhook
        </button>
      </div>
      {isMaking && <MakeWebhook account={account} onMade={look} onClose={() => setMaking(false)} />}
      <ProblemNote of={problem} again={look} />
      {value?.length === 0 && !isMaking && (
        <p class="empty">
          A webhook has events sent to a URL of yours, signed, in order where you want it, and tried again for three days.
        </p>
      )}
      {value && value.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">URL</th>
              <th scope="col">Types</th>
              <th scope="col">Behind</th>
              <th scope="col">Last try</th>
            </tr>
          </thead>
          <tbody>
            {value.map(({ id, url, types, state, since, cursorLag, lastDelivery }) => (
              <tr key={id}>
                <td>
                  <WebhookState state={state} /> <span class="soft">{ageOf(since)}</span>
                </td>
                <td>
                  <a href={hashOf({ page: 'webhook', id })}>{shown(url)}</a>
                </td>
                <td>{shown(types.join(', '))}</td>
                <td>{cursorLag.events === 0 ? 'nothing' : `${cursorLag.events} events, ${spanOf(cursorLag.seconds)}`}</td>
                <td>{lastDelivery ? `${lastDelivery.status ?? 'no answer'}, ${ageOf(lastDelivery.at)} ago` : 'none'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  )
}

const marks = { enabled: '●', failing: '◔', disabled: '■' } as const

export function WebhookState({ state }: { state: keyof typeof marks }) {
  return (
    <span class={`state state-${state}`}>
      <span aria-hidden="true">{marks[state]}</span> {state}
    </span>
  )
}

function MakeWebhook({ account, onMade, onClose }: { account: Account; onMade: () => void; onClose: () => void }) {
  const { given, set, field } = useFields({ url: '', types: 'message.*', session: '', ordering: 'relaxed' })
  const [made, setMade] = useState<CreatedWebhook | undefined>(undefined)
  const { problem, isBusy, run } = useCall()
  const make = () =>
    run(async () => {
      const types = listOf(given.types) as NewWebhook['types']
      const session = given.session.trim()
      const ordering = given.ordering === 'strict' ? 'strict' : 'relaxed'
      setMade(await account.client.webhooks.create({ url: given.url.trim(), types, ordering, ...(session && { session }) }))
      onMade()
    })
  if (made !== undefined) {
    return (
      <div class="card" role="status">
        <p>
          The secret of {shown(made.url)}, shown this once. Your program checks each request with it, as <code>verifyWebhook</code> of
          stanzagate/client does:
        </p>
        <p>
          <code>{made.secret}</code>
        </p>
        <p class="actions">
          <button type="button" onClick={() => navigator.clipboard?.writeText(made.secret)}>
            Copy secret
          </button>
          <button type="button" onClick={onClose}>
            Done
          </button>
        </p>
      </div>
    )
  }
  return (
    <form
      class="card"
      aria-label="New webhook"
      onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}
    >
      <div class="fields">
        {field('url', 'URL', { required: true, autoFocus: true, placeholder: 'https://example.com/hook' })}
        {field('types', 'Types', { required: true })}
        {field('session', 'Of session', { placeholder: 'all' })}
        <label>
          Order
          <select value={given.ordering} onChange={({ currentTarget }) => set({ ordering: currentTarget.value })}>
            <option value="relaxed">relaxed</option>
            <option value="strict">strict</option>
          </select>
        </label>
      </div>
      <p class="actions">
        <button type="submit" disabled={isBusy}>
          Make it
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
      <ProblemNote of={problem} />
    </form>
  )
}
