import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Event } from '../client/client.ts'
import type { Live } from './live.ts'
import { readLog } from './log-reader.ts'
import { ProblemNote } from './problem-note.tsx'
import { createRepaint } from './repaint.ts'
import { cut, shown, timeOf } from './shown.ts'
import { createTail, summaryOf, type Tail } from './tail.ts'
import { useKeys } from './use-keys.ts'
import { WindowList } from './window-list.tsx'

interface Filter {
  types: string
  jids: string
  after: string
}

const everything: Filter = { types: '', jids: '', after: '' }

export function EventsView({ live }: { live: Live }) {
  const [draft, setDraft] = useState(everything)
  const [filter, setFilter] = useState(everything)
  const [isPaused, setPaused] = useState(false)
  const [focused, setFocused] = useState<Event | undefined>(undefined)
  const { tail, problem } = useTail(live, filter)
  const held = useRef<{ rows: readonly Event[]; count: number }>(tail)
  if (!isPaused) held.current = { rows: tail.rows, count: tail.count }
  const { rows, count } = held.current
  const row = useRef(focused)
  row.current = focused
  useKeys({
    p: () => setPaused((now) => !now),
    c: () => void (row.current && navigator.clipboard?.writeText(row.current.id)),
  })
  const field = (name: keyof Filter, label: string, placeholder: string) => (
    <label>
      {label}
      <input
        autocomplete="off"
        spellcheck={false}
        placeholder={placeholder}
        value={draft[name]}
        onInput={({ currentTarget }) => setDraft({ ...draft, [name]: currentTarget.value.trim() })}
      />
    </label>
  )
  return (
    <div class="events">
      <form
        class="filters"
        aria-label="Filter"
        onSubmit={(event) => {
          event.preventDefault()
          setFocused(undefined)
          setFilter(draft)
        }}
      >
        {field('types', 'Types', 'message.*,presence.available')}
        {field('jids', 'JIDs', 'romeo@example.net')}
        {field('after', 'After', 'a cursor, or 0')}
        <button type="submit">Read</button>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? `Go on (${tail.count - count} new)` : 'Pause'}
        </button>
        <Samples live={live} filter={filter} />
      </form>
      <ProblemNote of={problem} />
      {tail.notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
      {rows.length === 0 && problem === undefined && (
        <p class="empty">Nothing has happened that fits. Write a message, and see what it makes.</p>
      )}
      <div class="events-columns">
        {rows.length > 0 && (
          <WindowList
            label="Log"
            count={rows.length}
            height={30}
            follows={!isPaused}
            row={(index) => <Cells event={rows[index]!} isFocused={rows[index] === focused} onFocus={setFocused} />}
          />
        )}
        {focused && <Detail live={live} event={focused} onClose={() => setFocused(undefined)} />}
      </div>
    </div>
  )
}

/** The tail of the page, which has everything; with a filter one of its own, read as the gateway filters it. */
function useTail(live: Live, { types, jids, after }: Filter): { tail: Tail; problem: unknown } {
  const isOwn = types !== '' || jids !== '' || after !== ''
  const [problem, setProblem] = useState<unknown>(undefined)
  const repaint = useMemo(createRepaint, [])
  const own = useMemo(() => createTail(repaint.changed), [types, jids, after])
  useEffect(() => {
    setProblem(undefined)
    if (!isOwn) return
    const over = new AbortController()
    const reading = { session: live.id, types, jids, ...(after && { after }), signal: over.signal }
    const onLong = () => own.note('Older events are kept than are read here: read them by a cursor, 0 is the oldest.')
    readLog(live.account, { ...reading, onEvent: own.take, onLink() {}, onLong }).catch((error: unknown) => {
      if (!over.signal.aborted) setProblem(error)
    })
    return () => over.abort()
  }, [live, own])
  void (isOwn ? repaint.version.value : live.version.value)
  return { tail: isOwn ? own : live.tail, problem }
}

function Cells({ event, isFocused, onFocus }: { event: Event; isFocused: boolean; onFocus: (event: Event) => void }) {
  const { id, type, time, subject = '' } = event
  return (
    <div class={`cells ${type === 'events.gap' ? 'gap' : ''} ${isFocused ? 'focused' : ''}`} role="presentation">
      <span role="cell" class="time">
        {timeOf(time)}
      </span>
      <span role="cell">
        <button type="button" class="plain" aria-expanded={isFocused} title={id} onClick={() => onFocus(event)}>
          {type}
        </button>
      </span>
      <span role="cell" class="soft subject">
        {shown(subject)}
      </span>
      <span role="cell" class="grow">
        {shown(cut(summaryOf(event)).slice(0, 300))}
      </span>
    </div>
  )
}

function Detail({ live, event, onClose }: { live: Live; event: Event; onClose: () => void }) {
  const [xml, setXml] = useState<string | undefined>(undefined)
  const kind = { message: 'message', presence: 'presence', subscription: 'presence' }[event.type.split('.')[0] ?? '']
  useEffect(() => setXml(undefined), [event])
  async function translate(): Promise<void> {
    const { delay: _, source: __, carbon: ___, text: ____, ...stanza } = event.data as Record<string, unknown>
    const params = { [kind as string]: stanza } as unknown as Parameters<typeof live.account.client.translate>[0]
    setXml(await live.account.client.translate(params).then(String, (error: Error) => error.message))
  }
  const text = JSON.stringify(event, undefined, 2)
  return (
    <section class="detail" aria-label="Event">
      <p class="actions">
        <button type="button" onClick={() => navigator.clipboard?.writeText(text)}>
          Copy JSON
        </button>
        <button type="button" onClick={() => navigator.clipboard?.writeText(event.id)}>
          Copy cursor
        </button>
        {kind !== undefined && !('status' in event.data && 'history' in event.data) && (
          <button type="button" onClick={() => void translate()}>
            As XML
          </button>
        )}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
      {event.type === 'events.gap' && <p>What was between these two cursors could not be kept.</p>}
      {xml !== undefined && <pre>{xml}</pre>}
      <pre>{text.slice(0, 100_000)}</pre>
    </section>
  )
}

/** The present filter, as a program would read it. */
function Samples({ live, filter: { types, jids, after } }: { live: Live; filter: Filter }) {
  const query = new URLSearchParams({ session: live.id, ...(types && { types }), ...(jids && { jids }), ...(after && { after }) })
  const url = new URL('.', location.href).href
  const curl = `curl -N -H "Authorization: Bearer $STANZAGATE_KEY" -H 'Accept: text/event-stream' '${url}events?${query}'`
  const options = JSON.stringify(Object.fromEntries(query))
  const script = `for await (const event of client.events(${options})) console.log(event.type, event.data)`
  return (
    <>
      <button type="button" onClick={() => navigator.clipboard?.writeText(curl)} title={curl}>
        Copy as curl
      </button>
      <button type="button" onClick={() => navigator.clipboard?.writeText(script)} title={script}>
        Copy as JavaScript
      </button>
    </>
  )
}
