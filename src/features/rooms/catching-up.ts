/** What was said in a room while the session was not in it, from the archive of the room (XEP-0313), before what is said now. */
import { Problem } from '../../errors/problem.ts'
import type { ArchiveQuery, LiveSession } from '../../gateway/contract/session.ts'
import { gapEvent } from '../../gateway/inbound/gap.ts'
import { timestamp } from '../../gateway/outbox/message-record.ts'
import type { Element } from '../../xml/element.ts'
import { roomMarks, wantedRooms } from '../room-state.ts'

/** messages of one page; and of one room, beyond which the rest is told as a gap */
const PAGE = 50
const MOST = 1_000
/** ms that one page may take */
const WITHIN = { timeout: 30_000, most: 120_000 }
/** ms before the last message known at which a look by time starts, where its id is of no use: clocks differ */
const OVERLAP = 300_000
/** messages of one room that wait for the end of it; more are read from the archive */
const HELD_MAX = 1_000

export interface CatchingUp {
  /** What is said in it from now on waits, until the archive is read. */
  hold(room: string): void
  isHolding(room: string): boolean
  /** it has a place in the archive: what does not fit is read there */
  keep(room: string, stanza: Element): void
  /** Reads what was missed; then what waited is told. */
  run(room: string): void
  /** The first time: what is in the archive was said before. */
  note(room: string): void
  /** The stream is gone: it is read again from where it came to. */
  interrupt(): void
}

export function createCatchingUp({ session, onError }: { session: LiveSession; onError: (error: unknown) => void }): CatchingUp {
  const held = new Map<string, { stanzas: Element[]; isOver: boolean }>()
  const running = new Map<string, object>()

  const page = (query: ArchiveQuery) => session.archive(query, WITHIN)

  async function restore(room: string, run: object): Promise<'archive-unavailable' | 'too-many' | undefined> {
    const mark = session.state.get(roomMarks, room)
    if (session.state.get(wantedRooms, room)?.features?.archive !== true || mark === undefined) return 'archive-unavailable'
    try {
      return await restoreFrom(room, run, mark.id === '' ? {} : { after: mark.id })
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.code !== 'xmpp-item-not-found') return 'archive-unavailable'
    }
    try {
      return await restoreFrom(room, run, { start: timestamp(Math.max(0, mark.at - OVERLAP)) })
    } catch (error) {
      if (!isRefusal(error)) throw error
      return 'archive-unavailable'
    }
  }

  async function restoreFrom(room: string, run: object, place: Omit<ArchiveQuery, 'limit'>): Promise<'too-many' | undefined> {
    let query = place
    for (let count = 0; count < MOST; ) {
      const { items, complete, last } = await page({ ...query, of: room, limit: PAGE })
      if (running.get(room) !== run) return undefined
      await session.takeIn(() => items)
      count += items.length
      const waiting = held.get(room)
      if (last === undefined || items.length === 0) return undefined
      if (complete && !waiting?.isOver) return undefined
      // what did not fit is read from the archive after all
      if (waiting?.isOver) Object.assign(waiting, { stanzas: [], isOver: false })
      query = { after: last }
    }
    return 'too-many'
  }

  async function catchUp(room: string, run: object): Promise<void> {
    const since = session.state.get(roomMarks, room)?.at
    const missing = await restore(room, run)
    if (running.get(room) !== run) return
    await session.takeIn(() => {
      const { stanzas = [] } = held.get(room) ?? {}
      held.delete(room)
      running.delete(room)
      return stanzas
    })
    const value = session.state.get(wantedRooms, room)
    if (value === undefined) return
    const { behind: _, ...rest } = value
    const gap = missing && gapEvent({ now: Date.now }, missing, { room, ...(since !== undefined && { since }) })
    await session.commit({ state: [wantedRooms.put(room, rest)], events: gap ? [gap] : [] })
  }

  async function note(room: string): Promise<void> {
    if (session.state.get(wantedRooms, room)?.features?.archive !== true || session.state.get(roomMarks, room)) return
    const { items } = await page({ of: room, before: '', limit: 1 })
    if (session.state.get(roomMarks, room) || !session.state.get(wantedRooms, room)) return
    await session.commit({ state: [roomMarks.put(room, { id: items.at(-1)?.id ?? '', at: Date.now() })] })
  }

  return {
    hold(room) {
      if (!held.has(room)) held.set(room, { stanzas: [], isOver: false })
    },
    isHolding: (room) => held.has(room),
    keep(room, stanza) {
      const waiting = held.get(room)
      if (waiting === undefined) return
      if (waiting.stanzas.length < HELD_MAX) waiting.stanzas.push(stanza)
      else waiting.isOver = true
    },
    run(room) {
      if (running.has(room)) return
      const run = {}
      running.set(room, run)
      catchUp(room, run)
        .catch(onError)
        .finally(() => running.get(room) === run && running.delete(room))
    },
    note: (room) => void note(room).catch(onError),
    interrupt() {
      running.clear()
      held.clear()
    },
  }
}

/** The room said no; else the link is gone, or the session. */
const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && error.code.startsWith('xmpp-') && error.code !== 'xmpp-unreachable'
