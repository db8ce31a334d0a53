import { useState } from 'preact/hooks'
import type { MessageStatus } from '../client/client.ts'
import type { Line } from './chats.ts'
import type { Live } from './live.ts'
import { bare, cut, nickOf, pieces, shown, timeOf } from './shown.ts'
import { useCall } from './use-call.ts'

/** Of each status its shape. */
export const ticks: Readonly<Record<MessageStatus, string>> = {
  accepted: '○',
  sent: '↑',
  acked: '✓',
  delivered: '✓✓',
  displayed: '✔✔',
  failed: '!',
  expired: '!',
}

export function LineView({ live, line }: { live: Live; line: Line }) {
  void live.version.value
  const { mine, from, at, body, before, error, record, reactions = {}, isRetracted, isEncrypted } = line
  // to one occupant of a room, in the conversation of the room
  const isPrivate = line.isPrivate || (record !== undefined && nickOf(record.to) !== '' && live.rooms.all.has(bare(record.to)))
  return (
    <div class={mine ? 'line mine' : 'line'}>
      <time dateTime={at} title={at}>
        {timeOf(at)}
      </time>
      <span class="from" title={line.nick === undefined ? undefined : shown(from)}>
        {mine ? 'you' : shown(line.nick ?? bare(from))}
        {isPrivate && ' in private'}
      </span>
      <span class={isRetracted || isEncrypted ? 'body soft' : 'body'} dir="auto">
        {isEncrypted && <i>Encrypted. </i>}
        {error !== undefined && <i class="warning">came back: {error} </i>}
        {isRetracted ? <i>taken back</i> : <Body text={body} />}
        {before !== undefined && !isRetracted && (
          <details class="before">
            <summary>corrected</summary>
            {cut(before)}
          </details>
        )}
        {Object.entries(reactions).map(([who, all]) =>
          all.length > 0 ? (
            <span key={who} class="reaction" title={shown(who)}>
              {shown(all.join(' '))}
            </span>
          ) : null,
        )}
      </span>
      {record && <Ticks record={record} />}
      {line.wantsReceipt && <Receipt live={live} line={line} />}
    </div>
  )
}

/** Words as words: nothing in them is markup, and only addresses of the web are links. */
function Body({ text }: { text: string | undefined }) {
  if (text === undefined) return <i class="soft">sent by another caller</i>
  return (
    <>
      {pieces(cut(text)).map((piece, index) =>
        piece.href === undefined ? (
          piece.text
        ) : (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer">
            {piece.text}
          </a>
        ),
      )}
    </>
  )
}

function Ticks({ record: { status, history, error } }: { record: NonNullable<Line['record']> }) {
  const told = history.map((step) => `${step.status} ${timeOf(step.at)}`).join('\n')
  return (
    <span class={`ticks ticks-${status}`} title={told}>
      <span aria-hidden="true">{ticks[status]}</span> {status}
      {error && <span class="warning"> {shown(error.detail)}</span>}
    </span>
  )
}

/** Nothing is confirmed because somebody looks: the account may have programs that do it. */
function Receipt({ live, line }: { live: Live; line: Line }) {
  const [isDone, setDone] = useState(false)
  const { isBusy, run } = useCall()
  if (isDone || line.id === undefined) return null
  const receipt = { type: 'received', id: line.id } as const
  return (
    <button
      type="button"
      class="small"
      disabled={isBusy}
      title="Its sender asked to be told that it came"
      onClick={() =>
        run(async () => {
          await live.account.client.messages.send({ session: live.id, to: line.from, receipt })
          line.wantsReceipt = false
          setDone(true)
        })
      }
    >
      Send receipt
    </button>
  )
}
