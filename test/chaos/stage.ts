/** One session under observation: who writes to it, who reads it, and what became of it all. */

import type { XmppServer } from '../support/xmpp-server.ts'
import { addLog, type Producer, startConsumer, startProducer } from './caller.ts'
import { check, type Verdict } from './checker.ts'
import { bodyOf, dueToHook, emptyHistory, type History } from './history.ts'
import { type Hook, startHook } from './hook.ts'
import { type Peer, readArchive, sightings, startPeer } from './peer.ts'
import type { Reachable } from './revenant.ts'

/** ms between looks at a history */
const LOOK = 25
/** ms in which a consumer reads what the log has */
const READ_WITHIN = 10_000

export interface StageOptions {
  server: XmppServer
  gateway: Reachable
  /** where the gateway finds the server */
  service: string
  /** local parts */
  account: string
  peers: readonly string[]
  password: string
  /** is there a webhook too? */
  hooked?: boolean
}

export interface Stage {
  readonly history: History
  readonly session: string
  readonly jid: string
  /** full JID */
  readonly bound: string
  /** one per peer */
  readonly producers: readonly Producer[]
  readonly peers: readonly Peer[]
  readonly hook: Hook | undefined
  /** Waits until it is so; answers false when it is not in `ms`. */
  until(look: (history: History) => boolean, ms: number): Promise<boolean>
  /** Waits until everything accepted is told as done, everything written to the session is told, and the webhook has it. Answers what is not in `ms`, in words. */
  settled(ms: number): Promise<string[]>
  /** Ends the reader, reads the log and the archives of the peers, with `archive` also that of the account, and judges. */
  judge(options?: { archive?: boolean }): Promise<Verdict>
  stop(): Promise<void>
}

export async function openStage({
  server,
  gateway,
  service,
  account,
  peers: names,
  password,
  hooked = false,
}: StageOptions): Promise<Stage> {
  const history = emptyHistory()
  const started: { stop(): unknown }[] = []
  const keep = <T extends { stop(): unknown }>(one: T): T => {
    started.push(one)
    return one
  }
  async function stop(): Promise<void> {
    await Promise.all(started.splice(0).map((one) => one.stop()))
  }

  try {
    const peers = await Promise.all(names.map(async (name) => keep(await startPeer({ server, name, password, history }))))
    const answer = await gateway.api('POST', '/sessions', {
      body: { jid: `${account}@${server.domain}`, password, service },
      headers: { prefer: 'wait=30' },
      timeout: 60_000,
    })
    if (answer.status !== 201) throw new Error(`${account} is not online: ${answer.status} ${answer.text}`)
    const { id: session, jid, connections } = answer.body
    const consumer = keep(startConsumer({ gateway, session, history }))
    const hook = hooked ? keep(await startHook({ gateway, session, history })) : undefined
    const producers = peers.map((peer) => keep(startProducer({ gateway, session, to: peer.jid, history })))

    async function until(look: (seen: History) => boolean, ms: number): Promise<boolean> {
      const deadline = performance.now() + ms
      while (!look(history)) {
        if (performance.now() > deadline) return false
        await new Promise((resolve) => setTimeout(resolve, LOOK))
      }
      return true
    }

    return {
      history,
      session,
      jid,
      bound: connections[0].jid,
      producers,
      peers,
      hook,
      until,
      async settled(ms) {
        await until((seen) => unsettled(seen).length === 0, ms)
        return unsettled(history)
      },
      async judge({ archive = false } = {}) {
        await addLog(history, { gateway, session })
        const last = history.log.at(-1)
        await until(({ told }) => told.some(({ cursor }) => cursor === last), READ_WITHIN)
        await consumer.stop()
        for (const peer of peers)
          history.arrived.push(...sightings(await peer.archive(), 'out').map((sighting) => ({ ...sighting, source: 'archive' as const })))
        if (archive) {
          const own = await readArchive({ server, name: account, password })
          history.held.push(...sightings(own, 'in'))
          for (const { id } of sightings(own, 'out')) history.kept.add(id)
        }
        return check(history, { disorderly: server.kind === 'ejabberd' })
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function unsettled(history: History): string[] {
  const { accepted, held, told, hooked = [] } = history
  const done = new Set(told.filter(({ type }) => /^message\.(acked|failed|expired)$/.test(type)).map(({ id }) => id))
  const here = new Set(told.flatMap(({ message }) => (message ? [bodyOf(message)] : [])))
  const sent = new Set(hooked.map(({ id }) => id))
  return [
    ...[...accepted.filter(({ id }) => !done.has(id)), ...held.filter((message) => !here.has(bodyOf(message)))].map(bodyOf),
    ...dueToHook(history)
      .filter((cursor) => !sent.has(cursor))
      .map((cursor) => `webhook ${cursor}`),
  ]
}
