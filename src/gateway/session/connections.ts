import { randomBytes } from 'node:crypto'
import { comparable } from '../../jid.ts'
import type { Element } from '../../xml/element.ts'
import { poolResource } from '../ids.ts'
import { short } from '../inbound/copies.ts'
import type { StreamState } from '../ports/change.ts'
import type { Connection, ConnectionEvents, Connector, StateDetail, UserAgent } from '../ports/connection.ts'
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

/** A connection and what it told last. A class because each session has some, and there are thousands of sessions. */
class Slot implements ConnectionEvents {
  readonly index: number
  readonly resource: string
  readonly #of: ConnectionsOfSession
  connection!: Connection
  shown: SessionState = 'connecting'
  jid: string | null = null
  isBound = false
  stream: string
  draining: NodeJS.Timeout | undefined

  constructor(of: ConnectionsOfSession, { index, resource, left }: { index: number; resource: string; left: StreamState | undefined }) {
    this.#of = of
    this.index = index
    this.resource = resource
    this.stream = newStream(left?.id)
  }

  state(state: SessionState, detail: StateDetail): void {
    this.shown = state
    if (detail.jid) this.#of.learn(this, detail.jid)
    this.isBound = state === 'online'
    this.#of.listener.state(this.index, state, detail)
  }
  async bound(full: string, features: readonly string[], stream?: string): Promise<void> {
    this.stream = newStream(stream)
    this.#of.learn(this, full)
    await this.#of.listener.bound(this.index, comparable(full), features)
  }
  stanza(stanza: Element, position: number): void {
    this.#of.listener.stanza(this.index, stanza, position)
  }
  larger(start: Element, bytes: number): number | undefined {
    return this.#of.listener.larger(start, bytes)
  }
  acked(position: number): void {
    this.#of.listener.acked(this.index, position)
  }
  resumed(h: number, uncounted: readonly string[]): void {
    this.#of.listener.resumed(this.index, h, uncounted)
  }
  lost(h: number | null, refused?: string): void {
    this.stream = newStream()
    this.#of.listener.lost(this.index, h, refused)
  }
  verified(): void {
    this.#of.listener.verified(this.index)
  }
}

/** The connections of one session: the primary at index 0, senders after it. */
export const createConnections = (context: ConnectionsContext): Connections => new ConnectionsOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class ConnectionsOfSession implements Connections {
  readonly #context: ConnectionsContext
  readonly #slots: Slot[] = []
  /** JIDs that were bound, the newest last; those of now are in the slots */
  #own: Set<string> | undefined
  listener!: ConnectionsListener

  constructor(context: ConnectionsContext) {
    this.#context = context
  }

  begin(listener: ConnectionsListener): void {
    this.listener = listener
    this.want(1)
  }

  want(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const slot = this.#slot(index)
      if (!slot) this.#open(index)
      else if (slot.draining) {
        clearTimeout(slot.draining)
        slot.draining = undefined
      }
    }
    for (const slot of this.#slots) if (slot.index >= count && !slot.draining) this.#drain(slot)
  }

  get(index: number): Connection | undefined {
    return this.#slot(index)?.connection
  }

  stream(index: number): string {
    return this.#slot(index)?.stream ?? ''
  }

  usable(): ReadonlyMap<number, Connection> {
    const usable = this.#slots.filter((slot) => slot.isBound && !slot.draining)
    return new Map(usable.map(({ index, connection }) => [index, connection]))
  }

  status(): ConnectionStatus[] {
    const { connections, resource } = this.#context.record()
    return Array.from({ length: connections }, (_, index) => {
      const slot = this.#slot(index)
      return {
        jid: slot?.jid ?? null,
        resource: poolResource(resource, index),
        role: index === 0 ? ('primary' as const) : ('sender' as const),
        state: slot?.shown ?? 'connecting',
      }
    })
  }

  isOwn(jid: string): boolean {
    const full = comparable(jid)
    // what is asked for may be bound already; the server may give another one, and then it is somebody else's
    const isAsked = (slot: Slot) => slot.jid === null && full === comparable(`${this.#context.record().jid}/${slot.resource}`)
    return this.#own?.has(full) === true || this.#slots.some((slot) => slot.jid === full || isAsked(slot))
  }

  resumable(): boolean {
    return this.#slots.every(({ connection, draining }) => !draining && connection.snapshot() !== null)
  }

  async close(options: { status?: string }): Promise<void> {
    const closing = this.#slots.splice(0).map(({ connection, draining }) => {
      clearTimeout(draining)
      return connection.close(options)
    })
    await Promise.allSettled(closing)
  }

  async abandon(options: { acks: number }): Promise<Record<number, StreamState | null>> {
    const streams: Record<number, StreamState | null> = {}
    await Promise.all(
      this.#slots.map(async ({ index, connection, draining }) => {
        clearTimeout(draining)
        streams[index] = await connection.abandon(options)
      }),
    )
    this.#slots.length = 0
    return streams
  }

  learn(slot: Slot, full: string): void {
    slot.jid = comparable(full)
    this.#own ??= new Set()
    this.#own.delete(slot.jid)
    this.#own.add(slot.jid)
    if (this.#own.size > OWN_MAX) this.#own.delete(this.#own.values().next().value as string)
  }

  #slot(index: number): Slot | undefined {
    return this.#slots.find((slot) => slot.index === index)
  }

  #open(index: number): void {
    const { record, connector, password, sasl, userAgent, resume, inherited, holdsLease } = this.#context
    const { tenant, jid, component, resource: wanted, service } = record()
    const resource = poolResource(wanted, index)
    const left = resume.get(index)
    const slot = new Slot(this, { index, resource, left })
    this.#slots.push(slot)
    if (left) this.learn(slot, left.jid)
    const account = { tenant, jid, component, password, sasl, resource, service, userAgent: userAgent(index) }
    slot.connection = connector.open({ ...account, resume: left ?? null, inherited, holdsLease }, slot)
  }

  /** No new work, its acknowledgements awaited, readable a while longer, then closed. */
  #drain(slot: Slot): void {
    const close = () => {
      this.#slots.splice(this.#slots.indexOf(slot), 1)
      slot.connection.close().catch(() => {}) // it ends by its own deadline
    }
    const look = () => {
      const isBusy = this.listener.unacked(slot.index) > 0
      slot.draining = isBusy ? setTimeout(look, DRAIN_LOOK) : setTimeout(close, LINGER)
    }
    look()
  }
}

/** Names a stream; `id`: of one that can be resumed (XEP-0198). */
const newStream = (id?: string) => (id === undefined ? randomBytes(9).toString('base64url') : short(id))
