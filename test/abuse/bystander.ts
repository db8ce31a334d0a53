/** Somebody who has nothing to do with an attack, at an instance that is attacked: how long has it to wait for what it does all the time? */
import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { openAccount } from '../behaviour/account.ts'
import type { TestGateway } from '../support/gateway.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

/** ms between two of a kind, and until what was refused is tried again */
const PAUSE = 40

/** ms that are waited for what it does at the end of an attack */
const ROUND_WITHIN = 20_000

export type Wait = 'live' | 'ready' | 'post' | 'read' | 'message'

export interface Bystander {
  /** the id of its session */
  readonly session: string
  /** counts from now on */
  reset(): void
  /** resolves when each kind was done once from now on */
  round(): Promise<void>
  /** the longest wait of each kind since then, in ms, that of who still waits too: until it was answered as it should be */
  waits(): Readonly<Record<Wait, number>>
  /** what happened to its session or its WebSocket since then; nothing should */
  troubles(): readonly string[]
  stop(): Promise<void>
}

interface Options {
  gateway: TestGateway
  server: XmppServer
  /** whose session it is: the tenant and the account */
  tenant: string
  name: string
  /** who writes to it */
  friend: Client
}

export async function startBystander({ gateway, server, tenant, name, friend }: Options): Promise<Bystander> {
  const key = gateway.keys[tenant] as string
  const asTenant: TestGateway = {
    ...gateway,
    api: (method, path, options) => gateway.api(method, path, { key, timeout: 60_000, ...options }),
    login: (body) => asTenant.api('POST', '/sessions', { body }).then((answer) => answer.body),
    events: (options) => gateway.events({ key, ...options }),
  }
  const account = await openAccount({ server, gateway: asTenant, store: 'memory' }, name)
  const troubles: string[] = []
  let on = true
  void account.events.closed.then(({ code }) => on && troubles.push(`its WebSocket was closed with ${code}`))
  account.events.socket.on('message', (data) => {
    const { type, data: told } = JSON.parse(String(data))
    if (/^session\./.test(type)) troubles.push(`${type} ${told?.reason ?? ''}`)
  })

  const longest: Record<Wait, number> = { live: 0, ready: 0, post: 0, read: 0, message: 0 }
  const since: Partial<Record<Wait, number>> = {}
  const rounds = new EventEmitter()
  const note = (what: Wait) => {
    const began = since[what]
    if (began !== undefined) longest[what] = Math.max(longest[what], performance.now() - began)
  }

  async function repeat(what: Wait, act: () => Promise<boolean>): Promise<void> {
    while (on) {
      since[what] = performance.now()
      while (on && !(await act().catch(() => false))) await delay(PAUSE)
      if (!on) return
      note(what)
      delete since[what]
      rounds.emit(what)
      await delay(PAUSE)
    }
  }
  /** as a probe asks: over a connection of its own */
  const isHealthy = async (path: string) => {
    const answer = await gateway.api('GET', path, { key: null, headers: { connection: 'close' }, timeout: 60_000 })
    return answer.status === 200
  }
  let count = 0
  const loops = [
    repeat('live', () => isHealthy('/health/live')),
    repeat('ready', () => isHealthy('/health/ready')),
    repeat('post', async () => (await account.api('POST', '/messages', { body: { to: friend.jid, body: 'here' } })).status === 202),
    repeat('read', async () => (await account.api('GET', '/events', { query: { limit: 10 } })).status === 200),
    repeat('message', async () => {
      const body = `to ${name}: ${++count}`
      friend.send(`<message to='${account.full}' type='chat'><body>${body}</body></message>`)
      await account.events.next(({ type, data }) => type === 'message.received' && data.body === body, 60_000)
      return true
    }),
  ]

  return {
    session: account.id,
    reset() {
      for (const what of Object.keys(longest) as Wait[]) longest[what] = 0
      for (const what of Object.keys(since) as Wait[]) since[what] = performance.now()
      troubles.length = 0
    },
    async round() {
      const all = Object.keys(longest).map((what) => once(rounds, what))
      await Promise.race([Promise.all(all), delay(ROUND_WITHIN, undefined, { ref: false })])
    },
    waits() {
      for (const what of Object.keys(since) as Wait[]) note(what)
      return { ...longest }
    },
    troubles: () => troubles,
    async stop() {
      on = false
      account.events.socket.terminate()
      await Promise.race([Promise.all(loops), delay(1000)])
    },
  }
}
