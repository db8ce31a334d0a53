/** A TCP proxy in front of a real server: a network that is slow, cut, silent or in pieces. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'

/** bytes of TLS's own close_notify, at most: 24 in TLS 1.3, 31 in TLS 1.2; nothing that XMPP says is as short */
const FAREWELL = 31

/** A connection as its client used it, in monotonic ms. */
export interface Link {
  opened: number
  /** when the client last sent something that its server could still hear, TLS's goodbye apart */
  spoke: number
  /** when the first of both ends was */
  closed: number
  /** when its client ended it, or the proxy did */
  ended?: number
  /** bytes that came from its client so far */
  fromClient: number
}

export interface TcpProxy {
  readonly port: number
  /** connections made through it so far */
  readonly connections: number
  /** those, in the order in which they were made */
  readonly history: readonly Link[]
  /** connections that are open now */
  readonly open: number
  /** resets every connection */
  cut(): void
  /** resets a connection towards its client when so many more bytes of clients have passed */
  cutAfter(bytes: number): void
  /** Nothing passes in either direction and nothing is closed, as when packets are lost; with false what was held back passes. */
  blackhole(on: boolean): void
  /**
   * Ends a connection when a client writes this text in clear, by a reset or by an orderly end; nothing of the piece that it came in
   * passes, nor of what follows. undefined: no more. `copies` counts how often it came.
   */
  cutAt(text: string | undefined, how?: 'reset' | 'end'): void
  readonly copies: number
  /** new connections are reset at once */
  refuse(on: boolean): void
  /** ms that everything is late, in each direction */
  latency(ms: number): void
  /** bytes a second that pass to clients, at most; 0: as fast as they come */
  rate(bytes: number): void
  /** everything passes in pieces of so many bytes, each read by itself; 0: as it came */
  slice(bytes: number): void
  stop(): Promise<void>
}

/** bytes held for one direction before its source is no longer read */
const HELD_MAX = 64 * 1024
/** pieces a second of what passes at a rate */
const TICKS = 10

export async function startProxy({ to }: { to: { port: number; host?: string } }): Promise<TcpProxy> {
  const links = new Set<Socket>()
  const history: Link[] = []
  let left = Number.POSITIVE_INFINITY
  let refusing = false
  let late = 0
  let piece = 0
  let rate = 0
  let shut = false
  let poison: { text: string; how: 'reset' | 'end' } | undefined
  let copies = 0
  let gate = Promise.withResolvers<void>()
  gate.resolve()

  function reset(): void {
    for (const socket of links) drop(socket)
  }

  async function pass(chunk: Buffer, due: number, { sink, fromClient }: { sink: Socket; fromClient: boolean }): Promise<void> {
    const wait = due - performance.now()
    if (wait > 0) await delay(wait, undefined, { ref: false })
    await gate.promise
    const slow = fromClient ? 0 : rate
    const size = Math.ceil(slow / TICKS) || piece || chunk.length
    for (let at = 0; at < chunk.length; at += size) {
      if (slow > 0) await delay(1_000 / TICKS, undefined, { ref: false })
      await new Promise<void>((resolve) => sink.write(chunk.subarray(at, at + size), () => resolve()))
      if (piece > 0) await nextTurn()
    }
  }

  /** Bytes go one way, in order, each chunk when its time has come. */
  function pump(source: Socket, sink: Socket, fromClient: boolean): void {
    let tail = Promise.resolve()
    let held = 0
    let poisoned = false
    source.on('data', (chunk: Buffer) => {
      const found = fromClient && poison !== undefined ? chunk.toString('latin1').split(poison.text).length - 1 : 0
      if (found > 0) {
        copies += found
        poisoned = true
        if (poison?.how === 'end') source.end()
        else drop(source)
        drop(sink)
      }
      if (poisoned) return
      const passed = fromClient ? chunk.subarray(0, left) : chunk
      const last = fromClient && left <= chunk.length
      if (fromClient) left = last ? Number.POSITIVE_INFINITY : left - chunk.length
      const due = performance.now() + late
      held += chunk.length
      if (held > HELD_MAX) source.pause()
      tail = tail.then(async () => {
        await pass(passed, due, { sink, fromClient })
        held -= chunk.length
        if (held <= HELD_MAX) source.resume()
        if (!last) return
        // the far side still reads what came before
        sink.end()
        drop(source)
      })
    })
    source.on('end', () => {
      tail = tail.then(() => gate.promise).then(() => void sink.end())
    })
    source.on('error', () => {
      tail = tail.then(() => gate.promise).then(() => drop(sink))
    })
    source.on('close', () => links.delete(source))
    links.add(source)
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    const opened = performance.now()
    const link: Link = { opened, spoke: opened, closed: Number.POSITIVE_INFINITY, fromClient: 0 }
    history.push(link)
    const server = connect({ port: to.port, host: to.host ?? '127.0.0.1', allowHalfOpen: true, noDelay: true })
    client.on('data', (chunk: Buffer) => {
      link.fromClient += chunk.length
      if (chunk.length > FAREWELL && link.closed > performance.now()) link.spoke = performance.now()
    })
    for (const socket of [client, server])
      for (const end of ['end', 'close'])
        socket.once(end, () => {
          link.closed = Math.min(link.closed, performance.now())
          if (socket === client) link.ended ??= performance.now()
        })
    pump(client, server, true)
    pump(server, client, false)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return history.length
    },
    history,
    get open() {
      return Math.ceil(links.size / 2)
    },
    cut: reset,
    cutAfter: (bytes) => {
      left = bytes
    },
    blackhole: (on) => {
      if (on && !shut) gate = Promise.withResolvers()
      if (!on) gate.resolve()
      shut = on
    },
    cutAt: (text, how = 'reset') => {
      poison = text === undefined ? undefined : { text, how }
      copies = 0
    },
    get copies() {
      return copies
    },
    refuse: (on) => {
      refusing = on
    },
    latency: (ms) => {
      late = ms
    },
    rate: (bytes) => {
      rate = bytes
    },
    slice: (bytes) => {
      piece = bytes
    },
    stop: async () => {
      gate.resolve()
      const closed = once(listener, 'close')
      listener.close()
      reset()
      await closed
    },
  }
}

/** Node cannot reset a socket that is being shut down: its handle stays, and the process spins at its end. */
function drop(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
