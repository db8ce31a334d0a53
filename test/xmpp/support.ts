/** Connections under test: a connector for a private server, and what a connection told, waited for by conditions. */

import type { Connection, ConnectionSpec, Connector, StateDetail } from '../../src/gateway/ports/connection.ts'
import type { Log } from '../../src/gateway/ports/log.ts'
import type { SessionState } from '../../src/gateway/ports/session-record.ts'
import type { Element } from '../../src/xml/element.ts'
import { type ConnectorOptions, createConnector } from '../../src/xmpp/connector.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const quiet = () => undefined
const debug = (object: unknown, message: string) => console.error(message, object)
const levels = (write: Log['info']): Log => ({ debug: write, info: write, warn: write, error: write })
const log = process.env.DEBUG === undefined ? levels(quiet) : levels(debug)

export function connectorFor(server: { caFile?: string }, options: Partial<ConnectorOptions> = {}): Connector {
  return createConnector({
    caFile: server.caFile,
    privateHosts: ['127.0.0.1', 'localhost'],
    plaintextHosts: [],
    ports: [5222, 5223, 443],
    stanzaLimit: 256 * 1024,
    clock,
    log,
    ...options,
  })
}

export interface Told extends StateDetail {
  state: SessionState
}

export interface Follower {
  connection: Connection
  states: Told[]
  stanzas: { stanza: Element; position: number }[]
  acks: number[]
  lost: (number | null)[]
  bounds: { jid: string; features: readonly string[] }[]
  verified: number
  /** resolves with what was told when a condition over all of it holds; the test's own timeout is the bound */
  until<Found>(condition: () => Found | undefined | false): Promise<Found>
  online(): Promise<Told>
  state(state: SessionState): Promise<Told>
  stanza(matches: (stanza: Element) => boolean): Promise<Element>
  acked(position: number): Promise<number>
}

type Login = Partial<Omit<ConnectionSpec, 'password'>> & { jid: string; password: string }

/** Opens a connection and keeps everything it tells. `store: false` never stores what is received. */
export function follow(
  open: Connector['open'],
  { password, ...spec }: Login,
  options: { store?: boolean; bound?: (jid: string) => Promise<void> } = {},
): Follower {
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of [...waiting]) check()
  }
  const follower: Follower = {
    connection: undefined as unknown as Connection,
    states: [],
    stanzas: [],
    acks: [],
    lost: [],
    bounds: [],
    verified: 0,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = () => {
          try {
            const found = condition()
            if (found === undefined || found === false) return
            waiting.delete(check)
            resolve(found as never)
          } catch (cause) {
            waiting.delete(check)
            reject(cause)
          }
        }
        waiting.add(check)
        check()
      }),
    online: () => follower.state('online'),
    state: (state) => follower.until(() => follower.states.find((told) => told.state === state)),
    stanza: (matches) => follower.until(() => follower.stanzas.map(({ stanza }) => stanza).find(matches)),
    acked: (position) => follower.until(() => follower.acks.find((h) => h >= position)),
  }
  follower.connection = open(
    { tenant: 'main', service: null, resource: 'test', resume: null, ...spec, password: async () => password },
    {
      state: (state, detail) => {
        follower.states.push({ state, ...detail })
        wake()
      },
      bound: async (jid, features) => {
        follower.bounds.push({ jid, features })
        wake()
        await options.bound?.(jid)
      },
      stanza: (stanza, position) => {
        follower.stanzas.push({ stanza, position })
        if (options.store !== false) follower.connection.stored(position)
        wake()
      },
      acked: (position) => {
        follower.acks.push(position)
        wake()
      },
      // as the core does
      resumed: (h, uncounted) => {
        follower.acks.push(h)
        for (const xml of uncounted) follower.connection.send(xml)
        wake()
      },
      lost: (h) => {
        follower.lost.push(h)
        wake()
      },
      verified: () => {
        follower.verified += 1
        wake()
      },
    },
  )
  return follower
}

export const isMessage =
  (id: string) =>
  ({ name, attributes }: Element): boolean =>
    name === 'message' && attributes.id === id
