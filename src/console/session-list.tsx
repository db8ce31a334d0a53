import { useRef, useState } from 'preact/hooks'
import type { Session, SessionState } from '../client/client.ts'
import type { Account } from './account.ts'
import { OpenSession } from './open-session.tsx'
import { Overview } from './overview.tsx'
import { ProblemNote } from './problem-note.tsx'
import { go, hashOf, routeOfId } from './route.ts'
import { ageOf, shown } from './shown.ts'
import { StateMark } from './state-mark.tsx'
import { usePolled } from './use-polled.ts'
import { WindowList } from './window-list.tsx'

/** sessions that are read; of more one sees the first, and finds others by the beginning of their JID */
const SESSIONS_MAX = 5_000
const PAGE = 1_000
/** ms between looks */
const EACH = 2_000

const states: readonly SessionState[] = ['online', 'connecting', 'resuming', 'backoff', 'auth-failed', 'conflict', 'stopped']

export function SessionList({ account }: { account: Account }) {
  const [isOpening, setOpening] = useState(false)
  const [state, setState] = useState<SessionState | undefined>(undefined)
  const [prefix, setPrefix] = useState('')
  const opener = useRef<HTMLButtonElement>(null)
  const { value, problem, look } = usePolled((signal) => readSessions(account, prefix, signal), { each: EACH, key: prefix })
  const all = value ?? []
  const found = all.filter((one) => state === undefined || one.state === state).toSorted(byTrouble)
  return (
    <main>
      <div class="title">
        <h1>Sessions</h1>
        <button type="button" ref={opener} aria-expanded={isOpening} onClick={() => setOpening(true)}>
          Open a session
        </button>
      </div>
      {isOpening && (
        <OpenSession
          account={account}
          onOpened={look}
          onClose={() => {
            setOpening(false)
            opener.current?.focus()
          }}
        />
      )}
      {maySeeStats(account) && <Overview account={account} />}
      <div class="filters">
        <label>
          Find
          <input
            data-search
            type="search"
            spellcheck={false}
            placeholder="juliet@ or msg_…"
            value={prefix}
            onInput={({ currentTarget }) => {
              const text = currentTarget.value.trim()
              const route = routeOfId(text)
              if (route) go(route)
              else setPrefix(text)
            }}
          />
        </label>
        {states.map((name) => {
          const count = all.filter((one) => one.state === name).length
          if (count === 0 && state !== name) return null
          return (
            <button
              key={name}
              type="button"
              class="chip"
              aria-pressed={state === name}
              onClick={() => setState(state === name ? undefined : name)}
            >
              {name} {count}
            </button>
          )
        })}
      </div>
      <ProblemNote of={problem} again={look} />
      {value !== undefined && all.length === 0 && prefix === '' && !isOpening && (
        <p class="empty">No account is online through this gateway yet. Give it one, and it stays online for you.</p>
      )}
      {found.length > 0 && (
        <WindowList label="All sessions" count={found.length} height={36} row={(index) => <Cells of={found[index]!} />} />
      )}
    </main>
  )
}

const maySeeStats = ({ me }: Account) => me.scopes.some((scope) => scope.startsWith('keys:'))

function Cells({ of: { id, jid, state, since, reason, instance, outbox, lastVerifiedAt, connections } }: { of: Session }) {
  return (
    <div class="cells sessions" role="presentation">
      <span role="cell">
        <StateMark state={state} since={since} />
      </span>
      <span role="cell" class="grow">
        <a href={hashOf({ page: 'session', id, tab: 'conversations' })}>{shown(jid)}</a>
      </span>
      <span role="cell" class="soft wide">
        {shown(connections[0]?.resource ?? '')}
      </span>
      <span role="cell" class="soft wide">
        {shown(instance)}
      </span>
      <span role="cell" title={outbox.oldest}>
        outbox {outbox.length}
      </span>
      <span role="cell" class="soft wide">
        {reason ? shown(reason) : lastVerifiedAt ? `verified ${ageOf(lastVerifiedAt)}` : ''}
      </span>
    </div>
  )
}

async function readSessions({ client }: Account, jid: string, signal: AbortSignal): Promise<Session[]> {
  const found: Session[] = []
  for (let after: string | undefined; ; ) {
    const { data, page } = await client.sessions.list({ limit: PAGE, ...(jid && { jid }), ...(after && { after }) }, { signal })
    found.push(...data)
    after = page.next
    if (page.complete || after === undefined || found.length >= SESSIONS_MAX) return found
  }
}

/** What is not online first, and of that the newest. */
function byTrouble(one: Session, other: Session): number {
  const [first, second] = [one.state === 'online', other.state === 'online']
  if (first !== second) return first ? 1 : -1
  if (!first) return one.since < other.since ? 1 : -1
  return one.jid < other.jid ? -1 : 1
}
