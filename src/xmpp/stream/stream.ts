import type { Clock } from '../../gateway/ports/clock.ts'
import type { Log } from '../../gateway/ports/log.ts'
import type { Element } from '../../xml/element.ts'
import type { Bounds } from '../bounds.ts'
import { closed, type Failure, failure, offline } from '../failure.ts'
import { AckRequests } from './ack-requests.ts'
import type { Channel } from './channel.ts'
import { Incoming, type StreamEvents } from './incoming.ts'
import { Intake } from './intake.ts'
import { Keepalive } from './keepalive.ts'
import type { Manners } from './manners.ts'
import { Outgoing, type Sent } from './outgoing.ts'
import { Pings } from './pings.ts'
import type { StreamLimits } from './stream-features.ts'
import { type Ledger, SM } from './stream-management.ts'
import type { Reader } from './stream-reader.ts'
import { Writer } from './stream-writer.ts'

/** What streams have in common, and what is told of each. */
export interface StreamContext {
  /** bytes of one stanza that is sent, whatever the server takes */
  readonly stanzaLimit: number
  readonly domain: string
  readonly bounds: Bounds
  readonly clock: Clock
  readonly log: Log
  readonly events: StreamEvents
  /** what the server said of this stream last */
  limits(): StreamLimits
}

/**
 * A bound stream, from its bind or resume to its end: reads, writes, acknowledges and looks for signs of life. Nothing here reconnects.
 * A class, and what each of its parts knows of the others, because there are thousands of streams.
 */
export class Stream {
  /** settles once, with why the stream ended */
  readonly outcome: Promise<Failure>
  readonly channel: Channel
  readonly ledger: Ledger
  readonly manners: Manners
  /** the server acknowledges stanzas (XEP-0198); else pings do (XEP-0199) */
  readonly managed: boolean
  readonly pings: Pings
  readonly requests: AckRequests
  readonly writer: Writer
  readonly intake: Intake
  readonly #context: StreamContext
  readonly #reader: Reader
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  readonly #keepalive: Keepalive
  readonly #end: (cause: Failure) => void
  /** those who wait until all is acknowledged */
  #settling: Set<() => void> | undefined
  #isOver = false

  constructor(
    context: StreamContext,
    { channel, reader, ledger, managed, manners }: Pick<Stream, 'channel' | 'ledger' | 'managed' | 'manners'> & { reader: Reader },
  ) {
    const { promise, resolve } = Promise.withResolvers<Failure>()
    this.outcome = promise
    this.#end = resolve
    this.#context = context
    this.channel = channel
    this.#reader = reader
    this.ledger = ledger
    this.managed = managed
    this.manners = manners
    this.writer = new Writer(this)
    this.pings = new Pings(this)
    this.requests = new AckRequests(this)
    this.intake = new Intake(this)
    this.#outgoing = new Outgoing(this)
    this.#incoming = new Incoming(this)
    this.#keepalive = new Keepalive(this)
    reader.handle(this)
  }

  // ---- what the parts know of it

  get stanzaLimit(): number {
    return this.#context.stanzaLimit
  }
  get domain(): string {
    return this.#context.domain
  }
  get bounds(): Bounds {
    return this.#context.bounds
  }
  get clock(): Clock {
    return this.#context.clock
  }
  get log(): Log {
    return this.#context.log
  }
  get events(): StreamEvents {
    return this.#context.events
  }
  limits(): StreamLimits {
    return this.#context.limits()
  }
  idleSeconds(): number | undefined {
    return this.#context.limits().idleSeconds
  }
  isOver(): boolean {
    return this.#isOver
  }
  write(text: string): Promise<void> {
    return this.writer.write(text)
  }
  monotonic(): number {
    return this.#context.clock.monotonic()
  }
  lastHeard(): number {
    return Math.max(this.#reader.lastHeard, this.intake.readingSince)
  }
  ahead(): number {
    return this.requests.ahead()
  }
  paused(): boolean {
    return this.intake.isPaused
  }
  ask(): void {
    this.requests.ask()
  }
  dead(): void {
    this.destroy(failure('silence', 'xmpp-unreachable', 'The XMPP server did not give a sign of life.'))
  }
  verified(): void {
    this.#context.events.verified()
  }
  /** Without stream management a ping asks for an acknowledgement too: streams are processed in order. */
  askForAck(isNew: boolean): void {
    this.#keepalive.asked()
    if (this.managed) void this.write(`<r xmlns="${SM}"/>`)
    else if (isNew || this.pings.size === 0) this.pings.send(ignore)
  }
  onSettled(): void {
    for (const wake of [...(this.#settling ?? [])]) wake()
  }

  // ---- what the reader tells it

  /** servers pass on what contacts write: one of them must not be able to end the stream */
  get cuts(): true {
    return true
  }
  larger(start: Element, bytes: number): number | undefined {
    return this.#context.events.larger?.(start, bytes)
  }
  open(): void {}
  element(received: Element): void {
    this.#incoming.take(received)
  }
  ended(cause: Failure | undefined): void {
    const { channel } = this
    this.#finish(cause ?? failure('stream-closed', 'xmpp-unreachable', 'The XMPP server closed the stream.'))
    // what the server was told last may still go out
    setTimeout(() => channel.destroy(), cause === undefined ? this.bounds.closeStream : 100).unref()
    channel.end()
  }

  // ---- what its owner does

  /** Lets elements in: what came meanwhile first, then what comes. `early` came before stream management counted. */
  start(early: readonly Element[]): void {
    this.#keepalive.start()
    for (const stanza of early) this.#incoming.hand(stanza, 0)
    this.#reader.release()
  }
  /** `ask`: the server is asked at once to acknowledge it */
  send(xml: string, ask = false): Sent {
    return this.#outgoing.send(xml, ask)
  }
  /** monotonic ms of the last write */
  lastWrite(): number {
    return this.writer.lastWrite
  }
  stored(position: number): void {
    this.intake.stored(position)
  }
  async ping(): Promise<void> {
    this.#outgoing.needRoom()
    await this.pings.answered(this.bounds.ping + this.requests.transit())
  }
  /** bytes that came since it was bound or resumed */
  received(): number {
    return this.#reader.received
  }
  /** tells and asks what is handled; resolves when everything sent is acknowledged, the stream ended or `ms` passed */
  settle(ms: number): Promise<void> {
    if (!this.#isOver && this.managed) void this.intake.tell()
    this.requests.ask()
    return this.#settled(ms)
  }
  async close(status: string | undefined): Promise<void> {
    const { channel, bounds } = this
    if (this.#isOver || this.#outgoing.isClosing) return
    this.#outgoing.leave(status)
    this.requests.ask()
    await this.#settled(bounds.closeAcks)
    if (this.#isOver) return
    if (this.managed) void this.intake.tell()
    void this.write(channel.framed ? '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>' : '</stream:stream>')
    this.writer.flush()
    const timer = setTimeout(() => this.destroy(closed()), bounds.closeStream)
    await this.outcome
    clearTimeout(timer)
    channel.destroy()
  }
  destroy(cause: Failure): void {
    this.#finish(cause)
    this.#reader.fail(cause)
    this.channel.destroy()
  }

  #settled(ms: number): Promise<void> {
    if (this.#isOver || this.ledger.unacked === 0) return Promise.resolve()
    this.#settling ??= new Set()
    return woken(this.#settling, ms)
  }
  #finish(cause: Failure): void {
    if (this.#isOver) return
    this.#isOver = true
    this.requests.stop()
    this.#keepalive.stop()
    this.pings.fail(offline(cause))
    this.onSettled()
    this.#end(cause)
  }
}

const ignore = () => undefined

/** Resolves when it is woken, or after `ms`. */
function woken(waiting: Set<() => void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      waiting.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    waiting.add(wake)
  })
}
