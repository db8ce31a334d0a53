/** What this room uses of @xmpp/client 0.14, which has no types of its own. */
declare module '@xmpp/xml' {
  export interface LtxElement {
    name: string
    attrs: Record<string, string>
    children: (LtxElement | string)[]
    is(name: string, xmlns?: string): boolean
    getNS(): string
    getChild(name: string, xmlns?: string): LtxElement | undefined
    getChildText(name: string, xmlns?: string): string | null
    text(): string
    toString(): string
  }
  function xml(
    name: string,
    attrs?: Record<string, string | undefined> | null,
    ...children: (LtxElement | string | undefined)[]
  ): LtxElement
  export default xml
}

declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'
  import type { LtxElement } from '@xmpp/xml'

  export interface Fast {
    fetchToken(): Promise<unknown>
    saveToken(token: { mechanism: string; token: string; expiry: string }): Promise<void>
    deleteToken(): Promise<void>
    saslFactory: SaslFactory
  }
  export interface SaslFactory {
    _mechs: { name: string; mech: unknown }[]
    use(name: string, mechanism: unknown): SaslFactory
  }
  export type Authenticate = (
    credentials: { username: string; password: string; token?: unknown },
    mechanism: string,
    userAgent?: LtxElement,
  ) => Promise<void>
  export type Credentials = (authenticate: Authenticate, mechanisms: string[], fast: Fast | null, entity: XmppClient) => Promise<void>
  type Inline = {
    use(
      xmlns: string,
      request: (offered: LtxElement) => LtxElement | undefined | Promise<LtxElement | undefined>,
      response: (answer: LtxElement) => void,
    ): void
  }
  export interface XmppClient extends EventEmitter {
    status: string
    jid: { toString(): string } | null
    transports: unknown[]
    timeout: number
    options: { domain: string }
    reconnect: { stop(): void }
    saslFactory: SaslFactory
    iqCaller: {
      handlers: Map<string, { reject(cause: unknown): void }>
      set(payload: LtxElement): Promise<LtxElement>
    }
    sasl2: Inline
    bind2: Inline
    fast: Fast
    connect(service: string): Promise<void>
    open(options: { domain: string; lang?: string }): Promise<unknown>
    _jid(jid: string): void
  }
  export function client(options: {
    service: string
    domain: string
    resource: string
    timeout?: number
    userAgent?: LtxElement
    credentials: Credentials
  }): XmppClient
}
