import { randomBytes } from 'node:crypto'
import { comparable } from '../../jid.ts'
import type { Element } from '../../xml/element.ts'
import { poolResource } from '../ids.ts'
import { short } from '../inbound/copies.ts'
import type { StreamState } from '../ports/change.ts'
import type { Connection, Connector, StateDetail, UserAgent } from '../ports/connection.ts'
import type { ConnectionStatus, SaslOptions, SessionRecord, SessionState } from '../ports/session-record.ts'

/** ms that a removed sender stays readable after its last acknowledgement: answers to it may still be under way */
const LINGER = 60_000
/** JIDs that were bound and are known for our own, the newest: some servers bind another resource each time */
const OWN_MAX = 200
/** ms between looks at whether a removed sender is done */
const DRAIN_LOOK = 500

export interface Connections {
  /** opens the primary; before, none is there */
  begin(listener: ConnectionsListener): void
  /** opens what is wanted and not open, drains what is not wanted any more */
  want(count: number): void
  get(index: number): Connection | undefined
  /** which stream of the connection it is: another one for each that is not a resume, the same in each process that resumes it */
  stream(index: number): string
  /** those that take messages now */
  usable(): ReadonlyMap<number, Connection>
  status(): ConnectionStatus[]
  /** a JID that one of ours is or was bound to */
  isOwn(jid: string): boolean
  /** another process could go on with all of them now */
  resumable(): boolean
  close(options: { status?: string }): Promise<void>
  /** drops all sockets so that another process can resume; answers what it needs for that */
  abandon(options: { acks: number }): Promise<Record<number, StreamState | null>>
}

/** What the connections tell, of the primary (index 0) and of senders. */
export interface ConnectionsListener {
  state(index: number, state: SessionState, detail: StateDetail): void
  bound(index: number, jid: string, features: readonly string[]): Promise<void>
  stanza(index: number, stanza: Element, position: number): void
  larger(start: Element, bytes: number): number | undefined
  acked(index: number, position: number): void
  resumed(index: number, h: number, uncounted: readonly string[]): void
  lost(index: number, h: number | null, refused?: string): void
  verified(index: number): void
  /** how many messages that were written on it are not acknowledged */
  unacked(index: number): number
}

interface Slot {
  index: number
  resource: string
  connection: Connection
  state: SessionState
  jid: string | null
  bound: boolean
  stream: string
  draining?: NodeJS.Timeout
}

export interface ConnectionsContext {
  record: () => SessionRecord
  connector: Connector
  password: () => Promise<string>
  sasl: () => Promise<SaslOptions>
  userAgent: (index: number) => UserAgent
  /** streams to resume at the first connect */
  resume: ReadonlyMap<number, StreamState>
  /** another process had the session before */
  inherited: boolean
  /** false where another instance may have the session by now */
  holdsLease: () => boolean
}

/** The connections of one session: the primary at index 0, senders after it. */
export function createConnections({
  record,
  connector,
  password,
  sasl,
  userAgent,
  resume,
  inherited,
  holdsLease,
}: ConnectionsContext): Connections {
  const slots = new Map<number, Slot>()
  const own = new Set<string>()
  let on: ConnectionsListener

  function open(index: number): void {
    const { tenant, jid, resource, service } = record()
    const wanted = poolResource(resource, index)
    const left = resume.get(index)
    const slot = { index, resource: wanted, state: 'connecting', jid: null, bound: false, stream: newStream(left?.id) } as Slot
    slots.set(index, slot)
    if (left) learn(slot, left.jid)
    slot.connection = connector.open(
      {
        tenant,
        jid,
        password,
        sasl,
        resource: wanted,
        service,
        resume: resume.get(index) ?? null,
        inherited,
        holdsLease,
        userAgent: userAgent(index),
      },
      {
        state(state, detail) {
          slot.state = state
          if (detail.jid) learn(slot, detail.jid)
          slot.bound = state === 'online'
          on.state(index, state, detail)
        },
        async bound(full, features, stream) {
          slot.stream = newStream(stream)
          learn(slot, full)
          await on.bound(index, comparable(full), features)
        },
        stanza: (stanza, position) => on.stanza(index, stanza, position),
        larger: (start, bytes) => on.larger(start, bytes),
        acked: (position) => on.acked(index, position),
        resumed: (h, uncounted) => on.resumed(index, h, uncounted),
        lost(h, refused) {
          slot.stream = newStream()
          on.lost(index, h, refused)
        },
        verified: () => on.verified(index),
      },
    )
  }

  function learn(slot: Slot, full: string): void {
    slot.jid = comparable(full)
    own.delete(slot.jid)
    own.add(slot.jid)
    if (own.size > OWN_MAX) own.delete(own.values().next().value as string)
  }

  /** No new work, its acknowledgements awaited, readable a while longer, then closed. */
  function drain(slot: Slot): void {
    const look = () => {
      if (on.unacked(slot.index) > 0) slot.draining = setTimeout(look, DRAIN_LOOK)
      else
        slot.draining = setTimeout(() => {
          slots.delete(slot.index)
          slot.connection.close().catch(() => {}) // it ends by its own deadline
        }, LINGER)
    }
    look()
  }

  function want(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const slot = slots.get(index)
      if (!slot) open(index)
      else if (slot.draining) {
        clearTimeout(slot.draining)
        delete slot.draining
      }
    }
    for (const slot of slots.values()) if (slot.index >= count && !slot.draining) drain(slot)
  }

  return {
    begin(listener) {
      on = listener
      want(1)
    },
    want,
    get: (index) => slots.get(index)?.connection,
    stream: (index) => slots.get(index)?.stream ?? '',
    usable: () =>
      new Map([...slots.values()].filter((slot) => slot.bound && !slot.draining).map(({ index, connection }) => [index, connection])),
    status() {
      const { connections, resource } = record()
      return Array.from({ length: connections }, (_, index) => {
        const slot = slots.get(index)
        return {
          jid: slot?.jid ?? null,
          resource: poolResource(resource, index),
          role: index === 0 ? ('primary' as const) : ('sender' as const),
          state: slot?.state ?? 'connecting',
        }
      })
    },
    isOwn(jid) {
      const full = comparable(jid)
      // what is asked for may be bound already; the server may give another one, and then it is somebody else's
      const isAsked = (slot: Slot) => slot.jid === null && full === comparable(`${record().jid}/${slot.resource}`)
      return own.has(full) || [...slots.values()].some((slot) => slot.jid === full || isAsked(slot))
    },
    resumable: () => [...slots.values()].every(({ connection, draining }) => !draining && connection.snapshot() !== null),
    async close(options) {
      const closing = [...slots.values()].map(({ connection, draining }) => {
        clearTimeout(draining)
        return connection.close(options)
      })
      slots.clear()
      await Promise.allSettled(closing)
    },
    async abandon(options) {
      const streams: Record<number, StreamState | null> = {}
      await Promise.all(
        [...slots.values()].map(async ({ index, connection, draining }) => {
          clearTimeout(draining)
          streams[index] = await connection.abandon(options)
        }),
      )
      slots.clear()
      return streams
    },
  }
}

/** Names a stream; `id`: of one that can be resumed (XEP-0198). */
const newStream = (id?: string) => (id === undefined ? randomBytes(9).toString('base64url') : short(id))
