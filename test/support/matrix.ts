/** The same behaviour on every XMPP server and every store. */
import { after, before, describe } from 'node:test'
import { startEjabberd } from './ejabberd.ts'
import { type GatewayOptions, startGateway, type TestGateway } from './gateway.ts'
import { startProsody } from './prosody.ts'
import { startRedis } from './redis.ts'
import type { XmppServer, XmppServerOptions } from './xmpp-server.ts'

const servers = { prosody: startProsody, ejabberd: startEjabberd }
const cells = [
  ['prosody', 'memory'],
  ['prosody', 'redis'],
  ['ejabberd', 'memory'],
  ['ejabberd', 'redis'],
] as const
/** Cells to run: MATRIX=prosody+memory,… for a quick look; by default every one. */
const chosen = process.env.MATRIX ?? 'all'

export interface Cell {
  server: XmppServer
  gateway: TestGateway
  store: 'memory' | 'redis'
}

export interface CellOptions {
  /** cells that the suite is run in, where not all of them tell it more; default all */
  only?: readonly `${'prosody' | 'ejabberd'}+${'memory' | 'redis'}`[]
  server?: XmppServerOptions
  /** more for one server alone: modules and lines of configuration as it calls them */
  alone?: Partial<Record<XmppServer['kind'], XmppServerOptions>>
  gateway?: Omit<GatewayOptions, 'server' | 'redis'>
}

/**
 * Describes the same suite once per cell. The servers and the gateway are up before its first test and gone after its last;
 * `cell()` gives them inside hooks and tests.
 */
export function forEachCell(title: string, options: CellOptions, suite: (cell: () => Cell) => void): void {
  for (const [kind, store] of cells) {
    if (options.only && !options.only.includes(`${kind}+${store}`)) continue
    if (chosen !== 'all' && !chosen.split(',').includes(`${kind}+${store}`)) continue
    describe(`${title} (${kind}, ${store})`, () => {
      let cell: Cell | undefined
      const started: { stop(): Promise<unknown> }[] = []
      before(async () => {
        const server = await servers[kind]({ ...options.server, ...options.alone?.[kind] })
        started.push(server)
        const redis = store === 'redis' ? await startRedis() : undefined
        if (redis !== undefined) started.push(redis)
        const gateway = await startGateway({ ...options.gateway, server, ...(redis === undefined ? {} : { redis }) })
        started.push(gateway)
        cell = { server, gateway, store }
      })
      suite(() => {
        if (cell === undefined) throw new Error('the cell is there only inside hooks and tests')
        return cell
      })
      // hooks run in the order they are given: the suite's own ones still find everything up
      after(async () => {
        for (const one of started.reverse()) await one.stop()
      })
    })
  }
}
