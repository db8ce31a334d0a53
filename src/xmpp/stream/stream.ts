import type { Clock } from '../../gateway/ports/clock.ts'
import type { Log } from '../../gateway/ports/log.ts'
import { CLIENT, type Element, element } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Bounds } from '../bounds.ts'
import { closed, type Failure, failure, offline } from '../failure.ts'
import { AckRequests } from './ack-requests.ts'
import type { Channel } from './channel.ts'
import { Incoming, type StreamEvents } from './incoming.ts'
import { Intake } from './intake.ts'
import { createKeepalive } from './keepalive.ts'
import { Outgoing, type Sent } from './outgoing.ts'
import { Pings } from './pings.ts'
import type { StreamLimits } from './stream-features.ts'
import { type Ledger, SM } from './stream-management.ts'
import type { Reader } from './stream-reader.ts'
import { createWriter } from './stream-writer.ts'

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
  events: StreamEvents
}

/** A bound stream, from its bind or resume to its end. */
export interface Stream {
  /** settles once, with why the stream ended */
  readonly ended: Promise<Failure>
  /** Lets elements in: what came meanwhile first, then what comes. `early` came before stream management counted. */
  start(early: readonly Element[]): void
  /** `ask`: the server is asked at once to acknowledge it */
  send(xml: string, ask?: boolean): Sent
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
  /** those who wait until all is acknowledged */
  const settling = new Set<() => void>()
  let over = false
  const isOver = () => over
  const writer = createWriter({ channel, clock, isOver })
  const { write } = writer
  const pings = new Pings({ domain, ledger, write })
  const requests = new AckRequests({ bounds, ledger, isOver, write: askForAck })
  const outgoing = new Outgoing({ framed: channel.framed, stanzaLimit, limits, bounds, ledger, writer, requests, isOver })
  const intake = new Intake({ channel, ledger, bounds, clock, isOver, write, verified: events.verified })
  const incoming = new Incoming({ managed, ledger, pings, requests, intake, events, log, onSettled })
  const keepalive = createKeepalive({
    bounds,
    monotonic: clock.monotonic,
    lastHeard: () => Math.max(reader.lastHeard(), intake.readingSince),
    lastWrite: writer.lastWrite,
    idleSeconds: () => limits().idleSeconds,
    ahead: () => requests.ahead(),
    paused: () => intake.isPaused,
    ask: () => requests.ask(),
    dead: () => destroy(failure('silence', 'xmpp-unreachable', 'The XMPP server did not give a sign of life.')),
  })

  /** Without stream management a ping asks for an acknowledgement too: streams are processed in order. */
  function askForAck(isNew: boolean): void {
    keepalive.asked()
    if (managed) void write(`<r xmlns="${SM}"/>`)
    else if (isNew || pings.size === 0) pings.send(ignore)
  }

  function onSettled(): void {
    for (const wake of [...settling]) wake()
  }
  function settled(ms: number): Promise<void> {
    return over || ledger.unacked === 0 ? Promise.resolve() : woken(settling, ms)
  }

  function finish(cause: Failure): void {
    if (over) return
    over = true
    requests.stop()
    keepalive.stop()
    pings.fail(offline(cause))
    onSettled()
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
    open: ignore,
    element: (received) => incoming.take(received),
    ended: (cause) => {
      finish(cause ?? failure('stream-closed', 'xmpp-unreachable', 'The XMPP server closed the stream.'))
      // what the server was told last may still go out
      setTimeout(channel.destroy, cause === undefined ? bounds.closeStream : 100).unref()
      channel.end()
    },
  })

  return {
    ended,
    start: (early) => {
      keepalive.start()
      for (const stanza of early) incoming.hand(stanza, 0)
      reader.release()
    },
    send: (xml, ask = false) => outgoing.send(xml, ask),
    isQuiet: () => requests.isQuiet(),
    lastWrite: writer.lastWrite,
    stored: (position) => intake.stored(position),
    ping: async () => {
      outgoing.needRoom()
      await pings.answered(bounds.ping + requests.transit())
    },
    transit: () => requests.transit(),
    received: reader.received,
    settle: (ms) => {
      if (!over && managed) void intake.tell()
      requests.ask()
      return settled(ms)
    },
    close: async (status) => {
      if (over || outgoing.closing) return
      outgoing.transmit(unavailable(status), false)
      outgoing.closing = true
      requests.ask()
      await settled(bounds.closeAcks)
      if (over) return
      if (managed) void intake.tell()
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

function unavailable(status = ''): string {
  return serialize(element('presence', CLIENT, { type: 'unavailable' }, status === '' ? [] : [element('status', CLIENT, {}, [status])]))
}
