import type { AnyCall } from './calls.ts'
import { jitter, pause } from './pause.ts'
import { StanzagateProblem } from './problem.ts'
import { openStream, type Stream } from './stream.ts'
import { socketUrl, type Tickets } from './tickets.ts'
import type { Event } from './types.ts'

/** ms before a stream is opened again: up to the first, doubled with each that brought nothing, up to the last */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 30_000
/** ms after which a stream that brought nothing was good all the same */
const GOOD_AFTER = 60_000
/** code of a close frame: the session has ended */
const ENDED = 1000

export interface EventsOptions {
  /** id, bare or full JID; not needed with a session token or a ticket */
  session?: string | undefined
  /** `presence.*`, `message.received`; a list, or a text with commas */
  types?: string | readonly string[] | undefined
  /** only what is from, to or about these; a list, or a text with commas */
  jids?: string | readonly string[] | undefined
  /** only what comes after this cursor, the `id` of an event; '0' is the oldest kept. Default: what happens from now on */
  after?: string | undefined
  /** goes on from the place of this named consumer, and moves it past every event that was taken */
  consumer?: string | undefined
  /** first what is true now, then `events.snapshot-end` */
  snapshot?: 'presence' | undefined
  /** ms in which only the last presence of a resource is told */
  coalesce?: number | undefined
  /** ends the reading: the loop rejects with its reason */
  signal?: AbortSignal | undefined
}

type Query = Omit<EventsOptions, 'session' | 'signal'>

export interface EventsContext {
  url: string
  tickets: Tickets
  /** by HTTP */
  call: AnyCall
  WebSocket: typeof globalThis.WebSocket
}

/**
 * Reads the events of a session in order, for as long as it lives: over lost connections, restarts and instances that take over, each at
 * least once. An event is taken when the next one is asked for. What the gateway could not keep is an event too, `events.gap`.
 * Ends with the session; rejects with a StanzagateProblem that another try would meet again.
 */
export function createEvents({ url, tickets, call, WebSocket }: EventsContext) {
  /** Rejects with what a page of the same place is refused for. */
  async function explain({ snapshot: _, coalesce: __, ...query }: Query, options: EventsOptions): Promise<void> {
    const { ticket } = await tickets(options.session, options.signal)
    await call('events.list', { ...query, ticket, limit: 1 }, { signal: options.signal })
  }

  async function open(query: Query, options: EventsOptions): Promise<Stream | undefined> {
    const { ticket, cursor } = await tickets(options.session, options.signal)
    // the place is fixed before there is a connection, so that nothing is missed should it be lost at once
    if (query.consumer === undefined) query.after ??= cursor
    const stream = await openStream(socketUrl(url, { ...query, ticket }), { WebSocket, signal: options.signal })
    if (stream === undefined) await explain(query, options)
    return stream
  }

  return async function* events(options: EventsOptions = {}): AsyncGenerator<Event, void, undefined> {
    const { session: _, signal, ...given } = options
    const query: Query = given
    let failed = 0
    for (;;) {
      let stream: Stream | undefined
      const opened = Date.now()
      try {
        stream = await open(query, options)
        for (;;) {
          const event = await stream?.next()
          if (event === undefined) break
          yield event
          query.after = event.id
          failed = 0
          if (query.consumer !== undefined) stream?.ack(query.consumer, event.id)
          if (event.type === 'events.snapshot-end') delete query.snapshot
        }
        if (stream?.end === ENDED) return
        if (stream?.end === 'full') continue
      } catch (error) {
        if (signal?.aborted || !isPassing(error)) throw error
      } finally {
        stream?.close()
      }
      failed = Date.now() - opened > GOOD_AFTER ? 1 : failed + 1
      await pause(jitter(failed, FIRST_PAUSE, LONGEST_PAUSE), signal)
    }
  }
}

/** Whatever may be over by the next try; an old cursor is told by the stream itself, as a gap. */
function isPassing(error: unknown): boolean {
  if (error instanceof StanzagateProblem) return error.retryable || error.code === 'cursor-expired'
  return error instanceof TypeError || (error as { name?: unknown })?.name === 'TimeoutError'
}
