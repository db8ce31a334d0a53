import { randomBytes } from 'node:crypto'
import { Problem } from '../../errors/problem.ts'
import { sameAccount } from '../../folded-jid.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Log } from '../../gateway/ports/log.ts'
import { CLIENT, type Element, element } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Bounds } from '../bounds.ts'
import { type Failure, failure, offline, STREAMS, streamFailure } from '../failure.ts'
import type { Channel } from './channel.ts'
import { createKeepalive } from './keepalive.ts'
import { readFeatures, type StreamFeatures, type StreamLimits } from './stream-features.ts'
import { type Ledger, readH, SM } from './stream-management.ts'
import type { Reader } from './stream-reader.ts'
import { asDocument, createWriter } from './stream-writer.ts'

export interface StreamOptions {
  channel: Channel
  reader: Reader
  ledger: Ledger
  /** the server acknowledges stanzas (XEP-0198); else pings do (XEP-0199) */
  managed: boolean
  /** bytes of one stanza that is sent, whatever the server takes */
  stanzaLimit: number
  /** what the server said of this stream last */
  limits: () => StreamLimits
  domain: string
  bounds: Bounds
  clock: Clock
  log: Log
  events: {
    stanza(stanza: Element, position: number): void
    larger?: ((start: Element, bytes: number) => number | undefined) | undefined
    acked(position: number): void
    verified(): void
    /** the server says anew what the stream has */
    features(features: StreamFeatures): void
  }
}

/** A bound stream, from its bind or resume to its end. */
export interface Stream {
  /** settles once, with why the stream ended */
  readonly ended: Promise<Failure>
  /** Lets elements in: what came meanwhile first, then what comes. `early` came before stream management counted. */
  start(early: readonly Element[]): void
  /** `ask`: the server is asked at once to acknowledge it */
  send(xml: string, ask?: boolean): { position: number; written: Promise<void> }
  /** Is all that was written acknowledged? Where it is not, the server is asked. */
  isQuiet(): boolean
  /** monotonic ms of the last write */
  lastWrite(): number
  stored(position: number): void
  ping(): Promise<void>
  /** ms that the server may take to read all that is on its way to it, at the slowest */
  transit(): number
  /** bytes that came since it was bound or resumed */
  received(): number
  /** tells and asks what is handled; resolves when everything sent is acknowledged, the stream ended or `ms` passed */
  settle(ms: number): Promise<void>
  close(status: string | undefined): Promise<void>
  destroy(cause: Failure): void
}

/** Reads, writes, acknowledges and looks for signs of life on one bound stream. Nothing here reconnects. */
export function createStream(options: StreamOptions): Stream {
  const { channel, reader, ledger, managed, stanzaLimit, limits, domain, bounds, clock, log, events } = options
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<Failure>()
  const pings = new Map<string, { position: number; done: (problem?: Problem) => void }>()
  const waiting = new Set<() => void>()
  let over = false
  let closing = false
  /** nothing is read: too much of what came is not stored yet */
  let paused = false
  /** how often the server asked while an answer to it is on its way, the first time included */
  let asked = 0
  /** stanzas sent since the server was last asked to acknowledge */
  let unrequested = 0
  /** … and the bytes sent by then */
  let requestedSize = ledger.sentSize
  /** for each question without an answer, the bytes sent before it */
  const questions: number[] = []
  let requestTimer: NodeJS.Timeout | undefined
  let readingSince = clock.monotonic()
  const writer = createWriter({ channel, clock, over: () => over })
  const watch = createKeepalive({
    bounds,
    monotonic: clock.monotonic,
    lastHeard: () => Math.max(reader.lastHeard(), readingSince),
    lastWrite: writer.lastWrite,
    idleSeconds: () => limits().idleSeconds,
    ahead: () => (questions[0] === undefined ? 0 : msFor(questions[0] - handledSize())),
    paused: () => paused,
    ask: request,
    dead: () => destroy(failure('silence', 'xmpp-unreachable', 'The XMPP server did not give a sign of life.')),
  })
  const { write } = writer

  // ------------------------------------------------------------ out

  function needRoom(): void {
    if (over || closing) throw offline()
    if (ledger.unacked >= bounds.unacked || ledger.unackedSize > bounds.unackedSize || writer.backlog() > bounds.backlog) {
      throw new Problem('session-offline', 'Too much is on its way to the XMPP server already.', { retryAfter: 1 })
    }
  }

  function send(xml: string, ask = false): { position: number; written: Promise<void> } {
    needRoom()
    refuseOver(stanzaLimit, xml)
    const { maxBytes } = limits()
    if (maxBytes !== undefined) refuseOver(maxBytes, channel.framed ? asDocument(xml) : xml)
    return transmit(xml, ask)
  }
  function transmit(xml: string, ask = false): { position: number; written: Promise<void> } {
    const position = ledger.send(xml)
    const written = write(xml)
    unrequested += 1
    if (ask || unrequested >= bounds.requestAfter || ledger.sentSize - requestedSize >= bounds.requestSize) request()
    else requestTimer ??= setTimeout(request, bounds.requestDelay)
    return { position, written }
  }

  /** Asks the server to acknowledge what was sent; without stream management a ping does: streams are processed in order. */
  function request(): void {
    clearTimeout(requestTimer)
    requestTimer = undefined
    if (over) return
    watch.asked()
    if (managed) void write(`<r xmlns="${SM}"/>`)
    else if (unrequested > 0 || pings.size === 0) sendPing(() => undefined)
    clearTimeout(requestTimer)
    requestTimer = undefined
    unrequested = 0
    requestedSize = ledger.sentSize
    if (questions.at(-1) !== requestedSize) questions.push(requestedSize)
  }

  /** bytes that the server has counted */
  function handledSize(): number {
    return ledger.sentSize - ledger.unackedSize
  }
  function msFor(bytes: number): number {
    return (Math.max(bytes, 0) / bounds.slowest) * 1000
  }

  function sendPing(done: (problem?: Problem) => void): void {
    const id = `ping-${randomBytes(16).toString('base64url')}`
    const xml = serialize(element('iq', CLIENT, { type: 'get', id, to: domain }, [element('ping', 'urn:xmpp:ping')]))
    const position = ledger.send(xml)
    pings.set(id, { position, done })
    void write(xml)
  }

  // ------------------------------------------------------------ in

  function onElement(received: Element): void {
    const { name, xmlns } = received
    if (xmlns === CLIENT && (name === 'message' || name === 'presence' || name === 'iq')) onStanza(received)
    else if (xmlns === SM && name === 'r') acknowledge()
    else if (xmlns === SM && name === 'a') onAcknowledged(readH(received))
    else if (xmlns === STREAMS && name === 'error') throw streamFailure(received)
    else if (xmlns === STREAMS && name === 'features') events.features(readFeatures(received))
    else log.debug({ event: 'xmpp.left-out', element: name, xmlns }, 'An element that is no stanza was left out')
  }

  function onStanza(stanza: Element): void {
    const { position, again } = ledger.receive()
    if (again) return
    if (isPong(stanza)) ledger.consume(position)
    else hand(stanza, position)
    if (!paused && ledger.lag >= bounds.unstored) {
      paused = true
      channel.pause()
    }
  }

  /** A handler that throws costs its stanza, not the session: after a resume the server would only send it again. */
  function hand(stanza: Element, position: number): void {
    try {
      events.stanza(stanza, position)
    } catch (err) {
      log.warn({ event: 'xmpp.stanza-failed', err, stanza: stanza.name }, 'A stanza could not be handled')
      ledger.consume(position)
    }
  }

  function isPong(stanza: Element): boolean {
    if (stanza.name !== 'iq') return false
    const { id = '', type, from } = stanza.attributes
    const ping = pings.get(id)
    if (ping === undefined || (type !== 'result' && type !== 'error')) return false
    if (from !== undefined && !sameAccount(from, domain) && !sameAccount(from, ledger.jid)) return false
    pings.delete(id)
    events.verified()
    if (!managed) onAcknowledged(ping.position)
    ping.done()
    return true
  }

  /** One answer is on its way at a time. A server that asks on and takes none is not read until it does: the watch counts that as silence. */
  function acknowledge(): void {
    events.verified()
    asked += 1
    if (asked === 1) answer()
    else if (asked === bounds.unanswered) channel.pause()
  }

  function answer(): void {
    tell().then(
      () => {
        const [more, choked] = [asked > 1, isChoked()]
        asked = 0
        if (more) acknowledge()
        if (choked) read()
      },
      () => undefined,
    )
  }

  function isChoked(): boolean {
    return asked >= bounds.unanswered
  }

  function tell(): Promise<void> {
    return write(`<a xmlns="${SM}" h="${ledger.inbound}"/>`)
  }

  function read(): void {
    if (paused || isChoked() || over) return
    readingSince = clock.monotonic()
    channel.resume()
  }

  function onAcknowledged(h: number): void {
    const before = ledger.acked
    if (!ledger.acknowledge(h)) {
      throw failure('handled-count-wrong', 'xmpp-unreachable', 'The XMPP server acknowledged what was never sent.')
    }
    if (managed) events.verified()
    while (questions[0] !== undefined && questions[0] <= handledSize()) questions.shift()
    if (h !== before) events.acked(h)
    if (ledger.unacked === 0) for (const wake of [...waiting]) wake()
  }

  // ------------------------------------------------------------ life

  function finish(cause: Failure): void {
    if (over) return
    over = true
    clearTimeout(requestTimer)
    watch.stop()
    for (const { done } of pings.values()) done(offline(cause))
    pings.clear()
    for (const wake of [...waiting]) wake()
    resolveEnded(cause)
  }

  function destroy(cause: Failure): void {
    finish(cause)
    reader.fail(cause)
    channel.destroy()
  }

  reader.handle({
    // servers pass on what contacts write: one of them must not be able to end the stream
    cuts: true,
    larger: events.larger,
    open: () => undefined,
    element: onElement,
    ended: (cause) => {
      finish(cause ?? failure('stream-closed', 'xmpp-unreachable', 'The XMPP server closed the stream.'))
      // what the server was told last may still go out
      setTimeout(channel.destroy, cause === undefined ? bounds.closeStream : 100).unref()
      channel.end()
    },
  })

  function settled(ms: number): Promise<void> {
    if (over || ledger.unacked === 0) return Promise.resolve()
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

  return {
    ended,
    start: (early) => {
      watch.start()
      for (const stanza of early) hand(stanza, 0)
      reader.release()
    },
    send,
    isQuiet: () => {
      if (ledger.unacked > 0 && unrequested > 0) request()
      return ledger.unacked === 0
    },
    lastWrite: writer.lastWrite,
    stored: (position) => {
      ledger.store(position)
      if (paused && !over && ledger.lag < bounds.unstored / 2) {
        paused = false
        read()
      }
    },
    ping: () =>
      new Promise((resolve, reject) => {
        needRoom()
        const late = () => reject(new Problem('xmpp-timeout', 'The XMPP server did not answer a ping.'))
        const timer = setTimeout(late, bounds.ping + msFor(ledger.unackedSize))
        sendPing((problem) => {
          clearTimeout(timer)
          if (problem === undefined) resolve()
          else reject(problem)
        })
      }),
    transit: () => msFor(ledger.unackedSize),
    received: () => reader.received(),
    settle: (ms) => {
      if (!over && managed) void tell()
      request()
      return settled(ms)
    },
    close: async (status) => {
      if (over || closing) return
      const said = status === undefined || status === '' ? [] : [element('status', CLIENT, {}, [status])]
      transmit(serialize(element('presence', CLIENT, { type: 'unavailable' }, said)))
      closing = true
      request()
      await settled(bounds.closeAcks)
      if (over) return
      if (managed) void tell()
      void write(channel.framed ? '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>' : '</stream:stream>')
      writer.flush()
      const timer = setTimeout(() => destroy(closed()), bounds.closeStream)
      await ended
      clearTimeout(timer)
      channel.destroy()
    },
    destroy,
  }
}

function refuseOver(most: number, xml: string): void {
  if (xml.length * 3 <= most || Buffer.byteLength(xml) <= most) return
  throw new Problem('stanza-too-large', `The stanza is larger than the ${most} bytes that the server takes.`)
}

export function closed(): Failure {
  return failure('closed', 'session-offline', 'The stream was closed.')
}
