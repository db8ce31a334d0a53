import type { MessageRecord, MessageStatus } from '../client/client.ts'
import type { Account } from './account.ts'
import { ticks } from './line-view.tsx'
import { ProblemNote } from './problem-note.tsx'
import { ageOf, shown, timeOf } from './shown.ts'
import { usePolled } from './use-polled.ts'

/** ms between looks: a record grows while the message is under way */
const EACH = 2_000

const meanings: Readonly<Record<MessageStatus, string>> = {
  accepted: 'the gateway has it, and will send it',
  sent: 'written to the connection',
  acked: "the account's server has it",
  delivered: 'a client of the other side has it, or the room sent it back',
  displayed: 'it was shown to somebody',
  failed: 'it did not arrive',
  expired: 'it was too late to send it',
}

/** What became of one message, by its id. */
export function RecordPage({ account, id }: { account: Account; id: string }) {
  const { value, problem, look } = usePolled((signal) => account.client.messages.get({ id }, { signal }), { each: EACH, key: id })
  return (
    <main>
      <div class="title">
        <h1>{shown(id)}</h1>
        <button type="button" onClick={() => navigator.clipboard?.writeText(id)}>
          Copy id
        </button>
      </div>
      <ProblemNote of={problem} again={look} />
      {value && problem === undefined && <Found record={value} />}
    </main>
  )
}

function Found({ record }: { record: MessageRecord }) {
  const { to, status, acceptedAt, history, error, stanzaId, ackBy } = record
  const began = Date.parse(acceptedAt)
  return (
    <>
      <p class="facts">
        <span class={`ticks-${status}`}>
          <span aria-hidden="true">{ticks[status]}</span> {status}
        </span>
        <span>to {shown(to)}</span>
        <span class="soft" title={acceptedAt}>
          accepted {ageOf(acceptedAt)} ago
        </span>
        {stanzaId !== undefined && <span class="soft">archived as {shown(stanzaId)}</span>}
        {ackBy === 'ping' && <span class="soft">its server counts nothing: a ping after it was answered</span>}
      </p>
      {error && (
        <div class="problem">
          <p>{shown(error.detail)}</p>
          <p class="soft">
            <code>{error.code}</code>
          </p>
        </div>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">At</th>
            <th scope="col">After</th>
            <th scope="col">That is</th>
          </tr>
        </thead>
        <tbody>
          {history.map((step) => (
            <tr key={step.status}>
              <td>
                <span aria-hidden="true">{ticks[step.status]}</span> {step.status}
              </td>
              <td title={step.at}>{timeOf(step.at)}</td>
              <td class="soft">{(Date.parse(step.at) - began).toLocaleString()} ms</td>
              <td class="soft">{meanings[step.status]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
