import { readFileSync } from 'node:fs'
import { createPlaces } from '../fair/places.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Connection, ConnectionEvents, Connector } from '../gateway/ports/connection.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import { normalHost, type Resolve } from '../net/address.ts'
import { limitsWith } from '../xml/limits.ts'
import type { Shared } from './attempt.ts'
import { beforeLogIn } from './before-log-in.ts'
import { type Bounds, defaultBounds } from './bounds.ts'
import { type ConnectionContext, KeptConnection } from './connection.ts'
import { createLookUps } from './dial/look-up.ts'
import type { ResolveSrv } from './dial/resolver.ts'
import { trustedContext } from './dial/tls.ts'
import { createTokenBuckets } from './dial/token-buckets.ts'
import { createDerivations } from './login/mechanisms/derivation.ts'
import type { PlainPolicy } from './login/sasl.ts'

export interface ConnectorOptions {
  /** PEM of authorities trusted beside the system's (XMPP_CA_FILE) */
  caFile?: string | undefined
  /** hosts that may have private addresses and any port (XMPP_PRIVATE_HOSTS) */
  privateHosts: readonly string[]
  /** loopback hosts where clear text is allowed (XMPP_PLAINTEXT_HOSTS) */
  plaintextHosts: readonly string[]
  /** ports of all other hosts (XMPP_PORTS) */
  ports: readonly number[]
  /** where the password may be shown to a server over TLS (XMPP_PLAIN) */
  plain?: PlainPolicy
  /** bytes of one stanza, each way (STANZA_LIMIT) */
  stanzaLimit: number
  clock: Clock
  log: Log
  metrics?: Metrics
  bounds?: Partial<Bounds>
  /** instead of the system's resolver */
  resolve?: { host?: Resolve; srv?: ResolveSrv }
  random?: () => number
}

/** The Connector of gateway/ports/connection.ts over @xmpp/client. Throws when the CA file cannot be read. */
export function createConnector(options: ConnectorOptions): Connector {
  const { clock, log, caFile, metrics = uncounted, resolve: { host, srv } = {} } = options
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
  const bounds: Bounds = { ...defaultBounds, ...options.bounds }
  const privateHosts = hostSet(options.privateHosts)
  const lookUps = createLookUps({
    named: privateHosts,
    places: createPlaces({
      most: bounds.lookUps,
      each: bounds.lookUpsEach,
      onFull: () => metrics.count('bounds_reached_total', { bound: 'look-ups' }),
    }),
  })
  const shared: Shared = {
    rules: {
      privateHosts,
      plaintextHosts: hostSet(options.plaintextHosts),
      ports: new Set(options.ports),
    },
    context: trustedContext(ca),
    contextWith: (certificate) => trustedContext(ca, certificate),
    plain: options.plain ?? 'last-resort',
    stanzaLimit: options.stanzaLimit,
    readLimits: limitsWith({ bytes: options.stanzaLimit + bounds.wrapping }),
    bounds,
    derivations: createDerivations(
      createPlaces({
        most: bounds.derivations,
        each: bounds.derivationsEach,
        onFull: () => metrics.count('bounds_reached_total', { bound: 'password-keys' }),
      }),
    ),
    logIns: createPlaces({
      most: bounds.logIns,
      each: bounds.logInsEach,
      onFull: () => metrics.count('bounds_reached_total', { bound: 'log-ins' }),
    }),
    monotonic: clock.monotonic,
    lookUps: host === undefined ? lookUps : () => host,
    resolveSrv: srv,
    random: options.random ?? Math.random,
    metrics,
  }
  const buckets = createTokenBuckets({ rate: bounds.reconnectRate, burst: bounds.reconnectBurst, monotonic: clock.monotonic })
  const open = new Set<Connection>()

  const context: ConnectionContext = { shared, clock, log, turn: buckets.take, onDone: (connection) => open.delete(connection) }

  function connect(spec: Parameters<Connector['open']>[0], events: ConnectionEvents): Connection {
    const connection = new KeptConnection(spec, events, context)
    open.add(connection)
    return connection
  }

  return {
    open: connect,
    beforeLogIn: (server, work, { signal }) => beforeLogIn(server, work, { shared, signal }),
    verify: async (spec) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const connection = connect(
        { ...spec, resume: null, once: true },
        {
          state: (state, { error }) => {
            // there is a pause only before another attempt
            if (error !== undefined && state !== 'backoff') reject(error)
          },
          bound: async () => resolve(),
          stanza: () => undefined,
          acked: () => undefined,
          resumed: () => undefined,
          lost: () => undefined,
          verified: () => undefined,
        },
      )
      try {
        await promise
      } finally {
        await connection.close()
      }
    },
    close: async () => {
      await Promise.all([...open].map((connection) => connection.abandon()))
    },
  }
}

const uncounted: Metrics = { count() {}, set() {}, observe() {} }

function hostSet(hosts: readonly string[]): ReadonlySet<string> {
  return new Set(hosts.map((host) => normalHost(host) ?? host))
}
