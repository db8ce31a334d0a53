import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Bytes both ways, secure or knowingly not. Nobody above knows which socket is below. */
export interface Channel {
  readonly secure: boolean
  /** for channel binding; null in clear and on a WebSocket in clear */
  readonly tls: TLSSocket | null
  /** each write and each chunk is one document (RFC 7395) instead of a piece of a stream */
  readonly framed: boolean
  /** bytes written that the kernel did not take yet */
  backlog(): number
  write(text: string, done?: (cause?: Error | null) => void): void
  /** Hands over the reader; called once for each owner of the channel, the last one hears. */
  listen(listener: ChannelListener): void
  pause(): void
  resume(): void
  /** ends the writing side, after what was written */
  end(): void
  destroy(): void
}

export interface ChannelListener {
  data(chunk: Buffer): void
  /** so many bytes came that are not a whole document yet, where each chunk is one */
  heard(bytes: number): void
  /** once, at its end; `cause` where there was an error */
  closed(cause: Error | undefined): void
}

/** A connected TCP or TLS socket as a channel. */
export const socketChannel = (socket: Socket): Channel => new SocketChannel(socket)

/** A class because each connection has one, and there are thousands of connections. */
class SocketChannel implements Channel {
  readonly #socket: Socket
  #listener: ChannelListener | undefined
  #cause: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#listener?.data(chunk))
    socket.on('error', (error) => {
      this.#cause ??= error
    })
    socket.on('close', () => this.#listener?.closed(this.#cause))
  }

  get secure(): boolean {
    return this.tls !== null
  }
  get tls(): TLSSocket | null {
    return this.#socket instanceof TLSSocket ? this.#socket : null
  }
  get framed(): boolean {
    return false
  }
  backlog(): number {
    return this.#socket.writableLength
  }
  write(text: string, done?: (cause?: Error | null) => void): void {
    this.#socket.write(text, done)
  }
  listen(next: ChannelListener): void {
    this.#listener = next
    if (this.#socket.destroyed) setImmediate(() => next.closed(this.#cause))
  }
  pause(): void {
    this.#socket.pause()
  }
  resume(): void {
    this.#socket.resume()
  }
  end(): void {
    this.#socket.end()
  }
  destroy(): void {
    this.#socket.destroy()
  }
}

/** The first write to a channel of an account that may be another process's by now ends it instead. */
export const fenced = (channel: Channel, holdsLease: () => boolean): Channel => new FencedChannel(channel, holdsLease)

class FencedChannel implements Channel {
  readonly #channel: Channel
  readonly #holdsLease: () => boolean

  constructor(channel: Channel, holdsLease: () => boolean) {
    this.#channel = channel
    this.#holdsLease = holdsLease
  }

  get secure(): boolean {
    return this.#channel.secure
  }
  get tls(): TLSSocket | null {
    return this.#channel.tls
  }
  get framed(): boolean {
    return this.#channel.framed
  }
  backlog(): number {
    return this.#channel.backlog()
  }
  write(text: string, done?: (cause?: Error | null) => void): void {
    if (this.#holdsLease()) {
      this.#channel.write(text, done)
      return
    }
    this.#channel.destroy()
    done?.(new Error('Another process may have the account by now.'))
  }
  listen(listener: ChannelListener): void {
    this.#channel.listen(listener)
  }
  pause(): void {
    this.#channel.pause()
  }
  resume(): void {
    this.#channel.resume()
  }
  end(): void {
    this.#channel.end()
  }
  destroy(): void {
    this.#channel.destroy()
  }
}
