/** What tests see of a real XMPP server, whichever it is. */

export interface XmppServerOptions {
  /** default `localhost` */
  domain?: string
  /** more domains of the same server, for contacts elsewhere */
  moreDomains?: readonly string[]
  /** local part, or bare JID on one of the domains → password */
  users?: Readonly<Record<string, string>>
  /** default true: STARTTLS is required and direct TLS offered; false offers no TLS at all */
  tls?: boolean
  /** DNS names in the certificate; default the domains */
  certificateNames?: readonly string[]
  /** a client may log in by a certificate of the tests' authority (ejabberd alone has that), default false */
  clientCertificates?: boolean
  /** XEP-0198, default true */
  smacks?: boolean
  /** XEP-0313, default true */
  mam?: boolean
  /** keeps the archive in SQLite, for long runs: with their own stores both servers slow down as it grows; default false */
  sqlArchive?: boolean
  /** XEP-0280, default true */
  carbons?: boolean
  /** rooms at `conference.<domain>`, default true */
  muc?: boolean
  /** files at `upload.<domain>` (Prosody alone does without), default true */
  uploads?: boolean
  /** of the SCRAM hashes of the accounts, default 4096 (the least that RFC 5802 allows); ejabberd 23 has its own number, 4096 */
  iterations?: number
  /** another version than the installed one: its program */
  program?: string
  /** bytes a second that it reads of each client, as far as a burst is over; default no limit */
  rate?: number
  /** domains of components (XEP-0114) → secret */
  components?: Readonly<Record<string, string>>
  /** more modules: names as the server calls them */
  modules?: readonly string[]
  /** modules that are usually there and are not to be (Prosody alone does without) */
  without?: readonly string[]
  /** more lines of the server's configuration, global */
  config?: string
}

export interface XmppServer {
  readonly kind: 'prosody' | 'ejabberd'
  readonly domain: string
  /** client-to-server with STARTTLS, on 127.0.0.1 */
  readonly port: number
  /** client-to-server with direct TLS (XEP-0368) */
  readonly tlsPort: number
  readonly httpPort: number
  /** where components connect, `xmpp://127.0.0.1:<port>` */
  readonly componentService: string
  /** `xmpp://127.0.0.1:<port>` */
  readonly service: string
  /** certificate of the private authority that signed the server's */
  readonly caFile: string
  readonly logFile: string
  readonly pid: number
  addUser(jid: string, password: string): Promise<void>
  setPassword(jid: string, password: string): Promise<void>
  signal(name: NodeJS.Signals): void
  /** ends it as a crash would; `start` brings it back on the same ports and data */
  kill(): Promise<void>
  /** ends it in order and keeps its data */
  halt(): Promise<void>
  start(): Promise<void>
  restart(): Promise<void>
  /** ends it and removes its folder */
  stop(): Promise<void>
}

/** Local part and domain of a test's user. */
export function splitUser(user: string, domain: string): { local: string; domain: string } {
  const [local = '', ownDomain = domain] = user.split('@')
  return { local, domain: ownDomain }
}
