import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { type Credentials, client, type XmppClient } from '@xmpp/client'
import xml from '@xmpp/xml'
import { conditions } from '../../errors/catalogue.ts'
import type { Element } from '../../xml/element.ts'
import { saslCondition } from '../conditions.ts'
import { type Failure, failure, timedOut, toFailure } from '../failure.ts'
import type { Channel } from '../stream/channel.ts'
import type { Reader } from '../stream/stream-reader.ts'
import { toLtx } from './ltx.ts'

/** A client of the library for one log-in. What it reads is what it is shown; what it writes goes to our channel. */
export interface Library {
  entity: XmppClient
  userAgent: ReturnType<typeof xml>
  /** the stream header of the server */
  showOpen(root: Element): void
  show(element: Element): void
  /** is this the answer to an iq of the library? */
  awaits(element: Element): boolean
  /** ends what the library still waits for, so that none of its timers outlives the attempt */
  dismiss(cause: Failure): void
}

export function createLibrary({
  channel,
  reader,
  jid,
  domain,
  resource,
  userAgentId,
  timeout,
  credentials,
}: {
  channel: Channel
  reader: Reader
  /** bare JID */
  jid: string
  domain: string
  resource: string
  /** UUID of the user agent (XEP-0388) */
  userAgentId: string | undefined
  /** ms */
  timeout: number
  credentials: Credentials
}): Library {
  const userAgent = xml('user-agent', { id: userAgentId ?? derivedId(jid, resource) }, xml('software', {}, 'stanzagate'))
  const entity = client({ service: `xmpp://${domain}`, domain, resource, timeout, userAgent, credentials })
  entity.reconnect.stop()
  entity._jid(jid)
  const parser = attach(entity, channel, reader)
  return {
    entity,
    userAgent,
    showOpen: (root) => {
      parser().emit('start', toLtx(root))
    },
    show: (element) => {
      parser().emit('element', toLtx(element))
    },
    awaits: ({ name, attributes }) => name === 'iq' && entity.iqCaller.handlers.has(attributes.id ?? ''),
    dismiss: (cause) => {
      for (const waiting of entity.iqCaller.handlers.values()) waiting.reject(cause)
      entity.emit('error', cause)
    },
  }
}

/**
 * Gives the library our channel as its socket and our reader as its parser. Each parser it makes is a stream that starts anew.
 * Answers the parser that listens now.
 */
function attach(entity: XmppClient, channel: Channel, reader: Reader): () => EventEmitter {
  let parser: EventEmitter | undefined
  class ChannelSocket extends EventEmitter {
    readonly secure = channel.secure
    connect(): void {
      queueMicrotask(() => this.emit('connect'))
    }
    write(data: string, done: (cause?: Error | null) => void): void {
      channel.write(data, done)
    }
    end(): void {
      channel.end()
    }
  }
  class ReaderParser extends EventEmitter {
    constructor() {
      super()
      if (parser !== undefined) reader.restart()
      parser = this
    }
  }
  const base = entity.transports.find((transport) => {
    const { socketParameters } = (transport as { prototype: { socketParameters(service: string): unknown } }).prototype
    return socketParameters.call(undefined, channel.framed ? 'wss://x' : 'xmpps://x') !== undefined
  }) as { prototype: object }
  const prototype = Object.assign(Object.create(base.prototype), {
    Socket: ChannelSocket,
    Parser: ReaderParser,
    socketParameters: () => ({}),
  })
  entity.transports = [{ prototype }]
  return () => parser as EventEmitter
}

/** Has the server refused the bind because the resource is in use? */
export function isConflict(thrown: unknown): boolean {
  const { name, condition } = thrown as { name?: string; condition?: string }
  return name === 'StanzaError' && condition === 'conflict'
}

/** What the library rejects with, as a failure. */
export function libraryFailure(thrown: unknown): Failure {
  const named = thrown as Error & { condition?: string; text?: string }
  if (named.name === 'SASLError') return saslFailure(named.condition ?? '', named)
  if (named.name === 'StanzaError') {
    const condition = Object.hasOwn(conditions, named.condition ?? '') ? named.condition : 'undefined-condition'
    return failure(`bind-${condition}`, 'xmpp-unreachable', `The XMPP server refused to bind a resource: ${condition}.`, thrown)
  }
  if (named.name === 'TimeoutError') return timedOut(thrown)
  return toFailure(thrown)
}

/** RFC 6120 section 6.5 */
function saslFailure(name: string, cause: unknown): Failure {
  if (!/^[a-z-]+$/.test(name)) {
    return failure('sasl-no-mechanism', 'xmpp-authentication-failed', 'The XMPP server offers no log-in that is safe enough.', cause)
  }
  const reason = `sasl-${saslCondition(name)}`
  if (name === 'temporary-auth-failure') {
    return failure(reason, 'xmpp-unreachable', 'The XMPP server cannot check the credentials now.', cause)
  }
  return failure(reason, 'xmpp-authentication-failed', `The XMPP server refused the credentials: ${name}.`, cause)
}

/** The same UUID for each log-in of the same connection, where none is kept. */
function derivedId(jid: string, resource: string): string {
  const hash = createHash('sha256').update(`stanzagate user agent ${jid}/${resource}`).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
