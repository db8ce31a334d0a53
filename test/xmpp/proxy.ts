/** A TCP proxy in front of a server: it can cut, swallow and slice. */
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  port: number
  service: string
  /** connections made through it so far */
  readonly connections: number
  /** resets every connection */
  cut(): void
  /** resets the present connection after so many more bytes from the client */
  cutAfter(bytes: number): void
  /** from now on nothing passes, in both directions, and nothing is closed */
  swallow(): void
  /** new connections are refused at once; false: they pass again */
  refuse(on: boolean): void
  stop(): Promise<void>
}

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<[client: Socket, server: Socket]>()
  let connections = 0
  let left = Number.POSITIVE_INFINITY
  let refusing = false
  const reset = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
    pairs.clear()
  }
  const listener = createServer((client) => {
    client.on('error', () => undefined)
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    connections += 1
    const server = connect({ port: target, host: '127.0.0.1' })
    server.on('error', () => client.destroy())
    const pair: [Socket, Socket] = [client, server]
    pairs.add(pair)
    client.on('data', (chunk) => {
      const passed = chunk.subarray(0, left)
      left -= chunk.length
      server.write(passed)
      if (left <= 0) {
        left = Number.POSITIVE_INFINITY
        reset()
      }
    })
    server.on('data', (chunk) => client.write(chunk))
    client.on('close', () => {
      pairs.delete(pair)
      server.destroy()
    })
    server.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  return {
    port,
    service: `xmpp://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    cut: reset,
    cutAfter: (bytes) => {
      left = bytes
    },
    swallow: () => {
      for (const pair of pairs) for (const socket of pair) socket.removeAllListeners('data').resume()
    },
    refuse: (on) => {
      refusing = on
    },
    stop: async () => {
      reset()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
