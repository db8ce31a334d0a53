import { useState } from 'preact/hooks'
import type { Webhook, WebhookDelivery, WebhookTest } from '../client/client.ts'
import type { Account } from './account.ts'
import { Confirm } from './confirm.tsx'
import { ProblemNote } from './problem-note.tsx'
import { go } from './route.ts'
import { ageOf, shown, spanOf, timeOf } from './shown.ts'
import { useCall } from './use-call.ts'
import { usePolled } from './use-polled.ts'
import { WebhookState } from './webhook-list.tsx'

const EACH = 1_000
/** deliveries that are shown */
const ROWS = 100
const states = ['pending', 'delivered', 'dead'] as const

export function WebhookPage({ account, id }: { account: Account; id: string }) {
  const { webhooks } = account.client
  const [state, setState] = useState<WebhookDelivery['state'] | undefined>(undefined)
  const read = async (signal: AbortSignal) => ({
    webhook: await webhooks.get({ id }, { signal }),
    deliveries: (await webhooks.deliveries({ id, limit: ROWS, ...(state && { state }) }, { signal })).data,
  })
  const { value, problem, look } = usePolled(read, { each: EACH, key: state ?? '' })
  const { isBusy, run, problem: refused } = useCall()
  const [said, setSaid] = useState('')
  const does = (what: string, work: () => Promise<string>) => (
    <button
      type="button"
      disabled={isBusy}
      onClick={() =>
        run(async () => {
          setSaid('')
          setSaid(await work())
          look()
        })
      }
    >
      {what}
    </button>
  )
  const queued = ({ queued }: { queued: number }) => `${queued} ${queued === 1 ? 'event is' : 'events are'} sent again`
  if (value === undefined) {
    return (
      <main>
        <ProblemNote of={problem} again={look} />
      </main>
    )
  }
  const { webhook, deliveries } = value
  return (
    <main>
      <Head webhook={webhook} onRemove={() => webhooks.remove({ id })} />
      <p class="actions">
        {does('Test', async () => testedText(await webhooks.test({ id })))}
        {does('Replay all dead', async () => queued(await webhooks.replay({ id, dead: true })))}
        {does('New secret', async () => {
          const { secret, expiresAt } = await webhooks.rotate({ id })
          return `The new secret, shown this once: ${secret}. The old one signs too until ${timeOf(expiresAt)}.`
        })}
        {webhook.state === 'disabled'
          ? does('Enable', async () => {
              await webhooks.update({ id, state: 'enabled' })
              return 'It goes on where it was.'
            })
          : does('Disable', async () => {
              await webhooks.update({ id, state: 'disabled' })
              return 'Nothing is sent until it is enabled.'
            })}
      </p>
      <p role="status">{said}</p>
      <ProblemNote of={refused} />
      <ProblemNote of={problem} again={look} />
      <h2>Deliveries</h2>
      <div class="filters">
        {states.map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={state === name}
            onClick={() => setState(state === name ? undefined : name)}
          >
            {name}
          </button>
        ))}
      </div>
      {deliveries.length === 0 && <p class="empty">Nothing was sent yet.</p>}
      {deliveries.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Event</th>
              <th scope="col">Tries</th>
              <th scope="col">Next try</th>
              <th scope="col">Again</th>
            </tr>
          </thead>
          <tbody>
            {deliveries.map((one) => (
              <tr key={one.id}>
                <td class={`delivery-${one.state}`}>
                  {one.state}
                  {one.replayOf !== undefined && <span class="soft"> replay</span>}
                </td>
                <td>{one.event.type}</td>
                <td>
                  <Tries of={one} />
                </td>
                <td>{one.nextTry === undefined ? '' : timeOf(one.nextTry)}</td>
                <td>{does('Replay', async () => queued(await webhooks.replay({ id, delivery: one.id })))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  )
}

function Head({ webhook, onRemove }: { webhook: Webhook; onRemove: () => Promise<unknown> }) {
  const [isRemoving, setRemoving] = useState(false)
  const { url, types, session, ordering, state, reason, since, cursorLag, nextTry } = webhook
  return (
    <>
      <div class="title">
        <h1>{shown(url)}</h1>
        <WebhookState state={state} />
        <span class="soft">
          {reason && `${reason} · `}
          {ageOf(since)}
        </span>
        <button type="button" onClick={() => setRemoving(true)}>
          Remove
        </button>
      </div>
      <p class="soft">
        {shown(types.join(', '))} · {session === undefined ? 'of all sessions' : shown(session)} · {ordering} ·{' '}
        {cursorLag.events === 0 ? 'nothing waits' : `${cursorLag.events} events wait, the oldest for ${spanOf(cursorLag.seconds)}`}
        {nextTry !== undefined && ` · next try ${timeOf(nextTry)}`}
      </p>
      {isRemoving && (
        <Confirm
          title={`Remove the webhook of ${shown(url)}?`}
          action={{ name: 'Remove', run: onRemove }}
          onDone={() => go({ page: 'webhooks' })}
          onCancel={() => setRemoving(false)}
        >
          <p>Its place, its deliveries and its secret are gone.</p>
        </Confirm>
      )}
    </>
  )
}

/** The last try, and the others one click away. */
function Tries({ of: { attempts } }: { of: WebhookDelivery }) {
  const last = attempts.at(-1)
  if (last === undefined) return <span class="soft">none yet</span>
  const told = ({ at, status, error, ms }: (typeof attempts)[number]) => `${timeOf(at)} ${status ?? error ?? 'no answer'} in ${ms} ms`
  if (attempts.length === 1) return <>{shown(told(last))}</>
  return (
    <details>
      <summary>
        {attempts.length}, last {shown(told(last))}
      </summary>
      <ul>
        {attempts.map((one) => (
          <li key={one.at}>{shown(told(one))}</li>
        ))}
      </ul>
    </details>
  )
}

function testedText({ delivered, status, error, ms, answer }: WebhookTest): string {
  const what = `${status ?? error ?? 'no answer'} in ${ms} ms`
  return `${delivered ? 'The test was delivered' : 'The test failed'}: ${what}${answer ? `, ${shown(answer.slice(0, 200))}` : ''}`
}
