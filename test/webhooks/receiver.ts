/** A consumer of webhooks: a real HTTP server that keeps what it was sent and answers as it is told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Delivery {
  path: string
  method: string
  headers: IncomingHttpHeaders
  body: string
  at: number
}

type Behaviour = (delivery: Delivery, response: ServerResponse) => void

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly deliveries: Delivery[]
  /** how it answers from now on: a status, or by itself */
  answers: number | Behaviour
  /** the most requests that were open at one time */
  readonly most: number
  /** resolves when so many are there that fit */
  received(count: number, fits?: (delivery: Delivery) => boolean, ms?: number): Promise<Delivery[]>
  stop(): Promise<void>
}

export async function startReceiver({ host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {}): Promise<Receiver> {
  const deliveries: Delivery[] = []
  const waiting = new Set<() => void>()
  let answers: number | Behaviour = 204
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    open += 1
    most = Math.max(most, open)
    response.once('close', () => {
      open -= 1
    })
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      const { url: path = '', method = '', headers } = request
      const delivery = { path, method, headers, body: Buffer.concat(chunks).toString(), at: Date.now() }
      deliveries.push(delivery)
      if (typeof answers === 'number') response.writeHead(answers).end()
      else answers(delivery, response)
      for (const look of [...waiting]) look()
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const bound = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/hook`,
    port: bound.port,
    deliveries,
    get answers() {
      return answers
    },
    set answers(next) {
      answers = next
    },
    get most() {
      return most
    },
    received(count, fits = () => true, ms = 15_000) {
      return new Promise((resolve, reject) => {
        const found = () => deliveries.filter(fits)
        const done = (settle: () => void) => {
          clearTimeout(timer)
          waiting.delete(look)
          settle()
        }
        const look = () => {
          if (found().length >= count) done(() => resolve(found()))
        }
        const timer = setTimeout(() => done(() => reject(new Error(`${found().length} of ${count} came in time`))), ms)
        waiting.add(look)
        look()
      })
    },
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
