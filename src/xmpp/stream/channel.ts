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
export function socketChannel(socket: Socket): Channel {
  const tls = socket instanceof TLSSocket ? socket : null
  let listener: ChannelListener | undefined
  let cause: Error | undefined
  socket.setNoDelay(true)
  socket.on('data', (chunk) => listener?.data(chunk))
  socket.on('error', (error) => {
    cause ??= error
  })
  socket.on('close', () => listener?.closed(cause))
  return {
    secure: tls !== null,
    tls,
    framed: false,
    backlog: () => socket.writableLength,
    write: (text, done) => {
      socket.write(text, done)
    },
    listen: (next) => {
      listener = next
      if (socket.destroyed) setImmediate(() => next.closed(cause))
    },
    pause: () => {
      socket.pause()
    },
    resume: () => {
      socket.resume()
    },
    end: () => {
      socket.end()
    },
    destroy: () => {
      socket.destroy()
    },
  }
}

/** The first write to a channel of an account that may be another process's by now ends it instead. */
export function fenced(channel: Channel, holdsLease: () => boolean): Channel {
  return {
    ...channel,
    write(text, done) {
      if (holdsLease()) return channel.write(text, done)
      channel.destroy()
      done?.(new Error('Another process may have the account by now.'))
    },
  }
}
