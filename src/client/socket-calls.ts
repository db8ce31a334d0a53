import type { AnyParams, Transport } from './calls.ts'
import { operations } from './operations.ts'
import { type ProblemDocument, StanzagateProblem } from './problem.ts'
import { type Answer, openSocket } from './socket.ts'
import { socketUrl, type Tickets } from './tickets.ts'

/** bytes of a frame, at most: what is larger goes by HTTP */
const FRAME_MAX = 64 * 1024
/** bytes of one beside its method and params */
const ENVELOPE = 100
/** ms without a call after which a socket is closed; the next call opens another */
const IDLE = 10_000

interface Line {
  ask(method: string, params: AnyParams, signal: AbortSignal): Promise<unknown>
}

/** Calls over a WebSocket, by JSON-RPC: one socket for each session that is named. What cannot go over it goes by `http`. */
export function createSocketCalls({
  url,
  tickets,
  perSession,
  WebSocket,
  http,
}: {
  url: string
  tickets: Tickets
  /** with an API key a socket is of the session that a call names; a token or a ticket is of one session alone */
  perSession: boolean
  WebSocket: typeof globalThis.WebSocket
  http: Transport
}): Transport {
  const lines = new Map<string | undefined, Promise<Line>>()

  async function open(session: string | undefined): Promise<Line> {
    const { ticket } = await tickets(session, undefined)
    const calls = createWaiting()
    // events are for those who read them; the end of the session passes every filter
    const socket = await openSocket(socketUrl(url, { ticket, types: 'session.ended' }), {
      WebSocket,
      signal: undefined,
      onEvent() {},
      onAnswer: calls.settle,
      onEnd() {
        lines.delete(session)
        calls.fail()
      },
    })
    if (socket === undefined) throw new TypeError('The WebSocket did not open')
    let idle: ReturnType<typeof setTimeout> | undefined
    return {
      async ask(method, params, signal) {
        clearTimeout(idle)
        try {
          return await calls.ask((id) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params })), signal)
        } finally {
          clearTimeout(idle)
          if (calls.size() === 0) idle = setTimeout(() => socket.finish(1000), IDLE)
        }
      },
    }
  }

  /** Several that are made at once share it, so that the signal of none of them ends its opening. */
  function lineOf(session: string | undefined): Promise<Line> {
    const known = lines.get(session)
    if (known !== undefined) return known
    const opening = open(session)
    lines.set(session, opening)
    opening.catch(() => lines.delete(session))
    return opening
  }

  return async (id, params, signal) => {
    if (operations[id][3]?.httpAlone) return await http(id, params, signal)
    const { session } = params
    const isTold = typeof session === 'string'
    const size = new TextEncoder().encode(JSON.stringify({ id, params })).length + ENVELOPE
    if (size > FRAME_MAX || (perSession && !isTold)) return await http(id, params, signal)
    const line = await lineOf(perSession && isTold ? session : undefined)
    return (await line.ask(id, params, signal)) ?? undefined
  }
}

/** Calls that wait for their answers. */
function createWaiting() {
  const waiting = new Map<unknown, PromiseWithResolvers<unknown>>()
  let last = 0
  return {
    size: () => waiting.size,
    async ask(send: (id: number) => boolean, signal: AbortSignal): Promise<unknown> {
      const id = ++last
      const call = Promise.withResolvers<unknown>()
      const aborted = () => call.reject(signal.reason)
      signal.throwIfAborted()
      waiting.set(id, call)
      signal.addEventListener('abort', aborted)
      try {
        if (!send(id)) throw new TypeError('The WebSocket was closed')
        return await call.promise
      } finally {
        signal.removeEventListener('abort', aborted)
        waiting.delete(id)
      }
    },
    settle({ id, result, error }: Answer): void {
      const call = waiting.get(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new StanzagateProblem(error.data as ProblemDocument))
    },
    fail(): void {
      for (const call of waiting.values()) call.reject(new TypeError('The WebSocket was closed'))
    },
  }
}
