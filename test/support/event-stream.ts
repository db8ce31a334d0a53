/** `GET /events` over WebSocket, as a caller reads it. */
import { WebSocket } from 'ws'

/** ms that `next` waits unless told */
const NEXT_DEADLINE = 5_000

export interface CloudEvent {
  specversion: string
  id: string
  source: string
  type: string
  subject?: string
  time: string
  datacontenttype: string
  // biome-ignore lint/suspicious/noExplicitAny: by type of event; tests assert on it
  data: any
}

export interface EventStreamOptions {
  /** of the gateway, http:// */
  url: string
  token?: string
  session?: string
  /** after, types, jids, snapshot, coalesce, ticket … */
  query?: Readonly<Record<string, string | number>>
  headers?: Readonly<Record<string, string>>
  protocols?: readonly string[]
}

export interface EventStream {
  /** resolves when open; rejects with `HTTP <status>: <body>` when the upgrade is refused */
  readonly opened: Promise<void>
  readonly closed: Promise<{ code: number; reason: string }>
  /** every event so far, also those that `next` gave */
  readonly events: readonly CloudEvent[]
  readonly socket: WebSocket
  /** The first event not yet given that fits, come already or still to come; the skipped ones stay. */
  next(fits: string | ((event: CloudEvent) => boolean), ms?: number): Promise<CloudEvent>
  /** A JSON-RPC request; resolves with the whole response. */
  // biome-ignore lint/suspicious/noExplicitAny: result or error by method
  request(method: string, params?: object): Promise<any>
  close(): Promise<void>
}

interface Waiter {
  fits: (event: CloudEvent) => boolean
  take: (event: CloudEvent) => void
}

export function openEventStream({ url, token, session, query = {}, headers = {}, protocols = [] }: EventStreamOptions): EventStream {
  const target = new URL(`${url.replace(/^http/, 'ws')}/events`)
  if (session !== undefined) target.searchParams.set('session', session)
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, String(value))
  const socket = new WebSocket(target, [...protocols], {
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
  })
  const events: CloudEvent[] = []
  const pending: CloudEvent[] = []
  const waiters = new Set<Waiter>()
  const answers = new Map<number, (answer: unknown) => void>()
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  opened.promise.catch(() => {}) // a test that does not wait for it sees that no event comes
  let requests = 0

  socket.on('open', () => opened.resolve())
  socket.on('error', (error) => opened.reject(error))
  socket.on('unexpected-response', (_, answer) => {
    let body = ''
    answer.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    answer.on('end', () => {
      opened.reject(new Error(`HTTP ${answer.statusCode}: ${body}`))
      closed.resolve({ code: 1006, reason: `HTTP ${answer.statusCode}` })
    })
  })
  socket.on('close', (code, reason) => {
    opened.reject(new Error(`closed with ${code} ${reason}`))
    closed.resolve({ code, reason: String(reason) })
  })
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    if (frame.jsonrpc === '2.0') answers.get(frame.id)?.(frame)
    else deliver(frame)
  })

  function deliver(event: CloudEvent): void {
    events.push(event)
    for (const waiter of waiters) {
      if (!waiter.fits(event)) continue
      waiters.delete(waiter)
      waiter.take(event)
      return
    }
    pending.push(event)
  }

  async function next(wanted: string | ((event: CloudEvent) => boolean), ms = NEXT_DEADLINE): Promise<CloudEvent> {
    const fits = typeof wanted === 'string' ? (event: CloudEvent) => event.type === wanted : wanted
    await opened.promise
    const index = pending.findIndex(fits)
    if (index >= 0) return pending.splice(index, 1)[0]!
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(waiter)
        const seen = pending.map((event) => JSON.stringify(event).slice(0, 300)).join('\n')
        reject(new Error(`No event ${typeof wanted === 'string' ? wanted : 'that fits'} in ${ms} ms, but:\n${seen}`))
      }, ms)
      const waiter: Waiter = {
        fits,
        take: (event) => {
          clearTimeout(timer)
          resolve(event)
        },
      }
      waiters.add(waiter)
    })
  }

  async function request(method: string, params?: object): Promise<unknown> {
    await opened.promise
    const id = ++requests
    const answer = new Promise((resolve) => answers.set(id, resolve))
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }))
    const gone = closed.promise.then(({ code }) => Promise.reject(new Error(`closed with ${code} before the answer`)))
    try {
      return await Promise.race([answer, gone])
    } finally {
      answers.delete(id)
    }
  }

  async function close(): Promise<void> {
    socket.close(1000)
    await closed.promise
  }

  return { opened: opened.promise, closed: closed.promise, events, socket, next, request, close }
}
