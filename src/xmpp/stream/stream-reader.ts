import type { Element } from '../../xml/element.ts'
import { largerLimits, type XmlLimits } from '../../xml/limits.ts'
import { createStreamParser, parseStanza, type StreamHandler, type StreamParser, XmlError } from '../../xml/parse.ts'
import type { Bounds } from '../bounds.ts'
import { type Failure, failure, toFailure } from '../failure.ts'
import type { Channel, ChannelListener } from './channel.ts'
import { Utf8Decoder } from './utf8.ts'

/** RFC 7395 */
export const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'

export interface ReaderHandler {
  /** a stanza over a limit is told as `cut`; else it ends the stream */
  cuts?: true
  /** bytes that one over so many bytes may have; undefined: no more */
  larger?(start: Element, bytes: number): number | undefined
  /** bytes that may come for this handler; more ends the stream */
  most?: number
  /** the stream header of the server */
  open(root: Element): void
  /** a whole child of the stream; what it throws ends this stream and nothing else */
  element(element: Element): void
  /** once: the stream is over. Without a failure the server closed it in order. */
  ended(failure: Failure | undefined): void
}

/** What all readers have in common. */
export interface ReaderContext {
  /** of a stanza that is received */
  readonly readLimits: Readonly<XmlLimits>
  readonly bounds: Pick<Bounds, 'queued'>
  monotonic(): number
}

/**
 * The incoming half of a stream: bytes → text → elements, each step guarded.
 * Invalid UTF-8, XML that RFC 6120 section 11 restricts and elements over the limits end the stream; the server is told
 * the condition (section 4.9.3). Nothing thrown by the parser or a handler leaves it.
 * A class because each stream has one, and there are thousands of streams.
 */
export class Reader implements ChannelListener, StreamHandler {
  readonly #channel: Channel
  readonly #context: ReaderContext
  #handler: ReaderHandler | undefined
  #decoder = new Utf8Decoder()
  #parser: StreamParser | undefined
  #queue: Element[] | undefined
  #isOver = false
  #outcome: Failure | undefined
  /** bytes that may come for the handler */
  #left = Number.POSITIVE_INFINITY
  /** monotonic ms of the last byte that came */
  lastHeard: number
  /** bytes that came */
  received = 0

  constructor(channel: Channel, context: ReaderContext) {
    this.#channel = channel
    this.#context = context
    this.lastHeard = context.monotonic()
    channel.listen(this)
  }

  /** a stream that starts anew on the same channel (after SASL): a fresh parser */
  restart(): void {
    // what came before the restart must not reach into the new stream
    if (this.#queue !== undefined && this.#queue.length > 0)
      throw failure('bad-format', 'xmpp-unreachable', 'The server spoke out of turn.')
    this.#queue = undefined
    this.#parser?.stop()
    this.#decoder = new Utf8Decoder()
    this.#parser = undefined
  }

  /** elements wait from now on … */
  hold(): void {
    this.#queue ??= []
  }

  /** … until now */
  release(): void {
    const waiting = this.#queue ?? []
    this.#queue = undefined
    for (const element of waiting) this.#guard(() => this.onElement(element))
  }

  /** while held: this one comes first then */
  unread(element: Element): void {
    this.#queue?.unshift(element)
  }

  handle(next: ReaderHandler): void {
    this.#handler = next
    this.#left = next.most ?? Number.POSITIVE_INFINITY
    if (this.#isOver) queueMicrotask(() => next.ended(this.#outcome))
  }

  /** ends it from here; the handler hears the failure */
  fail(cause: Failure | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outcome = cause
    this.#parser = undefined
    this.#queue = undefined
    const told = this.#handler
    this.#handler = undefined
    told?.ended(cause)
  }

  /** Runs one step of the data path; whatever it throws ends this stream. */
  #guard(step: () => void): void {
    const channel = this.#channel
    try {
      step()
    } catch (thrown) {
      const cause = thrown instanceof XmlError ? xmlFailure(thrown) : toFailure(thrown)
      if (thrown instanceof XmlError) channel.write(streamError(thrown.condition, channel.framed))
      channel.end()
      this.fail(cause)
    }
  }

  // ---- what the channel tells

  data(chunk: Buffer): void {
    if (this.#isOver) return
    this.lastHeard = this.#context.monotonic()
    if (!this.#channel.framed) this.received += chunk.length
    this.#guard(() => {
      this.#left -= chunk.length
      if (this.#left < 0) throw tooMuch()
      if (this.#channel.framed) return this.#frame(new Utf8Decoder().decode(chunk))
      this.#parser ??= createStreamParser(this, this.#context.readLimits)
      this.#parser.write(this.#decoder.decode(chunk))
    })
  }

  heard(bytes: number): void {
    this.lastHeard = this.#context.monotonic()
    this.received += bytes
  }

  closed(cause: Error | undefined): void {
    this.fail(isFrameTooLarge(cause) ? xmlFailure(tooMuch()) : lost(cause))
  }

  #frame(text: string): void {
    // RFC 7395 has no white space to keep a stream alive, but servers that have both bindings may send it
    if (/^[ \t\r\n]*$/.test(text)) return
    const element = parseStanza(text, this.#context.readLimits, this)
    if (element.xmlns !== FRAMING) this.onElement(element)
    else if (element.name === 'open') this.#handler?.open(element)
    else this.fail(undefined)
  }

  // ---- what the parser tells

  /** What is held is for the handler that comes. */
  cuts(): boolean {
    return this.#handler?.cuts === true || this.#queue !== undefined
  }

  larger(start: Element, bytes: number): ReturnType<typeof largerLimits> | undefined {
    const most = this.#handler?.larger?.(start, bytes)
    return most === undefined ? undefined : largerLimits(most)
  }

  onOpen(root: Element): void {
    if (!this.#isOver) this.#handler?.open(root)
  }

  onElement(element: Element): void {
    if (this.#isOver) return
    if (this.#queue === undefined) {
      this.#handler?.element(element)
      return
    }
    if (this.#queue.length >= this.#context.bounds.queued) throw tooMuch()
    this.#queue.push(element)
  }

  onClose(): void {
    this.#parser?.stop()
    this.fail(undefined)
  }
}

function lost(cause: Error | undefined): Failure {
  return failure('connection-lost', 'xmpp-unreachable', 'The connection to the XMPP server was lost.', cause)
}

/** A frame that is larger than any is read ends the socket, and would do so again on each new one. */
function isFrameTooLarge(cause: Error | undefined): boolean {
  return (cause as { code?: string } | undefined)?.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
}

function tooMuch(): XmlError {
  return new XmlError('policy-violation', 'Too much came at once.')
}

function xmlFailure(error: XmlError): Failure {
  const detail = `The XMPP server sent what cannot be read safely (${error.condition}): ${error.message}`
  return failure(`received-${error.condition}`, 'xmpp-unreachable', detail, error)
}

/** A stream error and the end of the stream (RFC 6120 section 4.9.1.1, RFC 7395 section 3.5). */
function streamError(condition: string, framed: boolean): string {
  const inner = `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>`
  if (framed) return `<stream:error xmlns:stream="http://etherx.jabber.org/streams">${inner}</stream:error>`
  return `<stream:error>${inner}</stream:error></stream:stream>`
}
