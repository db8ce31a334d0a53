import { type Signal, signal } from '@preact/signals'
import type { Event, Session } from '../client/client.ts'
import type { Account } from './account.ts'
import { type Chats, createChats } from './chats.ts'
import { type Link, readLog } from './log-reader.ts'
import { createPeople, type People } from './people.ts'
import { createRepaint } from './repaint.ts'
import { createRooms, type Rooms } from './rooms.ts'
import { createTail, type Tail } from './tail.ts'

/** ms between looks at the session: its outbox and when it was last verified are in no event */
const LOOK_EACH = 5_000

/** A session that is looked at, kept as new as its log. */
export interface Live {
  readonly account: Account
  readonly id: string
  readonly session: Signal<Session | undefined>
  /** why it cannot be looked at */
  readonly problem: Signal<unknown>
  readonly link: Signal<Link>
  /** changes with what is below, once a frame */
  readonly version: Signal<number>
  readonly people: People
  readonly rooms: Rooms
  readonly chats: Chats
  readonly tail: Tail
  start(): void
  stop(): void
}

export function createLive(account: Account, id: string): Live {
  const session = signal<Session | undefined>(undefined)
  const problem = signal<unknown>(undefined)
  const link = signal<Link>('connecting')
  const { version, changed } = createRepaint()
  const people = createPeople(account, id, changed)
  const rooms = createRooms(account, id, changed)
  const chats = createChats(() => session.peek()?.jid ?? '', changed)
  const tail = createTail(changed)
  let over = new AbortController()
  let timer: ReturnType<typeof setInterval> | undefined

  async function look(): Promise<void> {
    try {
      session.value = await account.client.sessions.get({ id }, { signal: over.signal })
      problem.value = undefined
    } catch (error) {
      if (!over.signal.aborted) problem.value = error
    }
  }

  function take(event: Event): void {
    tail.take(event)
    people.take(event)
    rooms.take(event)
    chats.take(event)
    if (event.type.startsWith('session.')) void look()
  }

  async function run(): Promise<void> {
    const { signal } = over
    // the log needs the address of the account
    await look()
    try {
      await Promise.all([
        people.load(),
        rooms.load(),
        readLog(account, {
          session: id,
          signal,
          onEvent: take,
          onLink(now) {
            // what was missed beside the log
            if (now === 'live' && link.peek() === 'reconnecting') {
              void look()
              void rooms.load()
            }
            link.value = now
          },
          onLong: () => tail.note('The log is long: this is what has come since you opened the page. Older events are read by a cursor.'),
        }),
      ])
    } catch (error) {
      if (!signal.aborted) problem.value = error
    }
  }

  return {
    account,
    id,
    session,
    problem,
    link,
    version,
    people,
    rooms,
    chats,
    tail,
    start() {
      over = new AbortController()
      timer = setInterval(() => {
        if (!document.hidden) void look()
      }, LOOK_EACH)
      void run()
    },
    stop() {
      clearInterval(timer)
      over.abort()
    },
  }
}
