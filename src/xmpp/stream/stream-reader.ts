import type { Element } from '../../xml/element.ts'
import { largerLimits } from '../../xml/limits.ts'
import { createStreamParser, parseStanza, type StreamParser, XmlError } from '../../xml/parse.ts'
import type { Bounds } from '../bounds.ts'
import { type Failure, failure, toFailure } from '../failure.ts'
import type { Channel } from './channel.ts'
import { createUtf8Decoder } from './utf8.ts'

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'

export interface ReaderHandler {
  /** a stanza over a limit is told as `cut`; else it ends the stream */
  cuts?: true
  /** bytes that one over so many bytes may have; undefined: no more */
  larger?: ((start: Element, bytes: number) => number | undefined) | undefined
  /** bytes that may come for this handler; more ends the stream */
  most?: number
  /** the stream header of the server */
  open(root: Element): void
  /** a whole child of the stream; what it throws ends this stream and nothing else */
  element(element: Element): void
  /** once: the stream is over. Without a failure the server closed it in order. */
  ended(failure: Failure | undefined): void
}

/** The incoming half of a stream: bytes → text → elements, each step guarded. */
export interface Reader {
  /** a stream that starts anew on the same channel (after SASL): a fresh parser */
  restart(): void
  /** elements wait from now on … */
  hold(): void
  /** … until now */
  release(): void
  /** while held: this one comes first then */
  unread(element: Element): void
  handle(handler: ReaderHandler): void
  /** ends it from here; the handler hears the failure */
  fail(failure: Failure): void
  /** monotonic ms of the last byte that came */
  lastHeard(): number
  /** bytes that came */
  received(): number
}

/**
 * Invalid UTF-8, XML that RFC 6120 section 11 restricts and elements over the limits end the stream; the server is told
 * the condition (section 4.9.3). Nothing thrown by the parser or a handler leaves this function.
 */
export function createReader({
  channel,
  stanzaLimit,
  bounds,
  monotonic,
}: {
  channel: Channel
  stanzaLimit: number
  bounds: Pick<Bounds, 'queued'>
  monotonic: () => number
}): Reader {
  let handler: ReaderHandler | undefined
  let decode = createUtf8Decoder()
  let parser: StreamParser | undefined
  let queue: Element[] | undefined
  let over = false
  let outcome: Failure | undefined
  let lastHeard = monotonic()
  let received = 0
  let left = Number.POSITIVE_INFINITY

  function finish(cause: Failure | undefined): void {
    if (over) return
    over = true
    outcome = cause
    parser = undefined
    queue = undefined
    const told = handler
    handler = undefined
    told?.ended(cause)
  }

  /** Runs one step of the data path; whatever it throws ends this stream. */
  function guard(step: () => void): void {
    try {
      step()
    } catch (thrown) {
      const cause = thrown instanceof XmlError ? xmlFailure(thrown) : toFailure(thrown)
      if (thrown instanceof XmlError) channel.write(streamError(thrown.condition, channel.framed))
      channel.end()
      finish(cause)
    }
  }

  function onElement(element: Element): void {
    if (over) return
    if (queue === undefined) {
      handler?.element(element)
      return
    }
    if (queue.length >= bounds.queued) throw tooMuch()
    queue.push(element)
  }

  function onClose(): void {
    parser?.stop()
    finish(undefined)
  }

  /** What is held is for the handler that comes. */
  const cuts = () => handler?.cuts === true || queue !== undefined

  function larger(start: Element, bytes: number): ReturnType<typeof largerLimits> | undefined {
    const most = handler?.larger?.(start, bytes)
    return most === undefined ? undefined : largerLimits(most)
  }

  function fresh(): StreamParser {
    const limits = { bytes: stanzaLimit }
    return createStreamParser({ limits, cuts, larger, onOpen: (root) => !over && handler?.open(root), onElement, onClose })
  }

  function frame(text: string): void {
    // RFC 7395 has no white space to keep a stream alive, but servers that have both bindings may send it
    if (/^[ \t\r\n]*$/.test(text)) return
    const element = parseStanza(text, { bytes: stanzaLimit }, { cuts, larger })
    if (element.xmlns !== FRAMING) onElement(element)
    else if (element.name === 'open') handler?.open(element)
    else finish(undefined)
  }

  channel.listen({
    data: (chunk) => {
      if (over) return
      lastHeard = monotonic()
      if (!channel.framed) received += chunk.length
      guard(() => {
        left -= chunk.length
        if (left < 0) throw tooMuch()
        if (channel.framed) return frame(createUtf8Decoder()(chunk))
        parser ??= fresh()
        parser.write(decode(chunk))
      })
    },
    heard: (bytes) => {
      lastHeard = monotonic()
      received += bytes
    },
    closed: (cause) => finish(isFrameTooLarge(cause) ? xmlFailure(tooMuch()) : lost(cause)),
  })

  return {
    lastHeard: () => lastHeard,
    received: () => received,
    restart: () => {
      // what came before the restart must not reach into the new stream
      if (queue !== undefined && queue.length > 0) throw failure('bad-format', 'xmpp-unreachable', 'The server spoke out of turn.')
      queue = undefined
      parser?.stop()
      decode = createUtf8Decoder()
      parser = undefined
    },
    hold: () => {
      queue ??= []
    },
    release: () => {
      const waiting = queue ?? []
      queue = undefined
      for (const element of waiting) guard(() => onElement(element))
    },
    unread: (element) => {
      queue?.unshift(element)
    },
    handle: (next) => {
      handler = next
      left = next.most ?? Number.POSITIVE_INFINITY
      if (over) queueMicrotask(() => next.ended(outcome))
    },
    fail: (cause) => {
      finish(cause)
    },
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
