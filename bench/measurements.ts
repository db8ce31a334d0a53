/** What is measured of one gateway on one XMPP server. Each answers figures; bench.ts makes the table. */
import type { TestGateway } from '../test/support/gateway.ts'
import type { XmppServer } from '../test/support/xmpp-server.ts'
import { type Child, startChild } from './child.ts'
import { type Load, load } from './load.ts'
import { type Commands, type Measured, measure, percentile, residentMemory } from './measure.ts'

export const PASSWORD = 'bench-password'
export const BODY = 'x'.repeat(100)

/** ms that a server may take to deliver what it has accepted */
const SETTLE_DEADLINE = 30_000
/** ms without one more after which no more come, and between looks */
const QUIET = 500
const LOOK = 20
/** seconds of load before it is measured */
const WARM_UP = 4

export interface Place {
  server: XmppServer
  gateway: TestGateway
  /** pids of what works: gateway, server and, where there is one, Redis */
  processes: Readonly<Record<string, number>>
  /** what Redis has carried out so far, where there is one */
  commands?: () => Promise<Commands>
}

export async function startPeer(server: XmppServer, user: string): Promise<Child & { jid: string }> {
  const { tlsPort, caFile } = server
  const child = startChild('peer', { tlsPort, caFile, user, password: PASSWORD, resource: 'peer' })
  const jid = String(await child.hear('ready'))
  return { ...child, jid }
}

/** `POST /messages` until the peer has them; the rate is of what arrived. */
export async function sending(
  { gateway, processes, commands }: Place,
  peer: Child & { jid: string },
  from: string,
  seconds: number,
  connections = 16,
): Promise<Measured> {
  const request = {
    url: `${gateway.url}/messages?session=${from}`,
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: peer.jid, body: BODY }),
  }
  // Fastify alone has compiled its code after a second, at several times the rate
  await load({ ...request, connections, seconds: WARM_UP })
  await counted(peer)
  return deliveredLoad({ ...request, connections, seconds }, peer, processes, commands)
}

/** Load whose messages are counted where they arrive. Throws where answers were refused. */
export async function deliveredLoad(
  request: Load,
  peer: Child,
  processes: Readonly<Record<string, number>>,
  commands?: () => Promise<Commands>,
): Promise<Measured> {
  const armed = peer.hear('armed')
  peer.tell({ expect: Number.MAX_SAFE_INTEGER })
  await armed
  const run = async () => {
    const { good, bad, errors } = await load(request)
    if (bad + errors > good / 100) throw new Error(`${bad} answers refused, ${errors} errors`)
    return counted(peer, good)
  }
  return measure(processes, run, commands)
}

/** Waits until as many have arrived, or no more come. */
async function counted(peer: Child, wanted = Number.POSITIVE_INFINITY): Promise<number> {
  const deadline = Date.now() + SETTLE_DEADLINE
  let before = -1
  let since = Date.now()
  for (;;) {
    const heard = peer.hear('counted')
    peer.tell({ count: true })
    const now = Number(await heard)
    const at = Date.now()
    if (now !== before) since = at
    if (now >= wanted || at - since >= QUIET || at > deadline) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, LOOK))
  }
}

/** @xmpp/client alone to the peer, the yardstick of `sending`. */
export async function bareSending(server: XmppServer, peer: Child & { jid: string }, user: string, count: number): Promise<Measured> {
  const bare = startChild('bare-client', { port: server.port, user, password: PASSWORD }, { NODE_EXTRA_CA_CERTS: server.caFile })
  try {
    await bare.hear('ready')
    const run = async (total: number) => {
      const armed = peer.hear('armed')
      peer.tell({ expect: total })
      await armed
      const arrived = peer.hear('arrived')
      bare.tell({ send: total, to: peer.jid, body: BODY })
      await arrived
      return total
    }
    await run(2_000)
    return await measure({ client: bare.pid, server: server.pid }, () => run(count))
  } finally {
    await bare.stop()
  }
}

/** Fastify alone answering the same request, the yardstick of the HTTP side. */
export async function bareHttp(seconds: number): Promise<Measured> {
  const bare = startChild('bare-fastify', {})
  try {
    const port = await bare.hear('ready')
    const request = {
      url: `http://127.0.0.1:${port}/messages`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'peer@localhost', body: BODY }),
      connections: 16,
    }
    await load({ ...request, seconds: 1 })
    return await measure({ fastify: bare.pid }, async () => (await load({ ...request, seconds })).good)
  } finally {
    await bare.stop()
  }
}

/** What a peer sends to the session, as it reaches one WebSocket. */
export async function receiving(place: Place, peer: Child & { jid: string }, to: string, count: number): Promise<Measured> {
  const { gateway, processes, commands } = place
  const reader = await startReaders(gateway, to, 1)
  try {
    const run = async (total: number) => {
      const armed = reader.hear('armed')
      reader.tell({ expect: total })
      await armed
      const arrived = reader.hear('arrived')
      peer.tell({ send: total, to, body: BODY })
      await arrived
      return total
    }
    await run(1_000)
    return await measure(processes, () => run(count), commands)
  } finally {
    await reader.stop()
  }
}

/** Each incoming message to many WebSockets; an operation is one frame. */
export async function fanOut(place: Place, peer: Child, to: string, readers: number, messages: number): Promise<Measured> {
  const reader = await startReaders(place.gateway, to, readers)
  try {
    const total = readers * messages
    const armed = reader.hear('armed')
    reader.tell({ expect: total })
    await armed
    const arrived = reader.hear('arrived')
    return await measure(place.processes, async () => {
      peer.tell({ send: messages, to, body: BODY })
      await arrived
      return total
    })
  } finally {
    await reader.stop()
  }
}

/** Each of many sessions gets some messages; all of their events go to one reader. */
export async function oneReader(place: Place, peer: Child, sessions: readonly string[], messages: number): Promise<Measured> {
  const { gateway, processes, commands } = place
  const url = `${gateway.url.replace(/^http/, 'ws')}/events`
  const reader = startChild('follower', { url, token: gateway.key, sessions })
  try {
    await reader.hear('ready')
    const total = sessions.length * messages
    const run = async () => {
      const armed = reader.hear('armed')
      reader.tell({ expect: total })
      await armed
      const arrived = reader.hear('arrived')
      for (const to of sessions) peer.tell({ send: messages, to, body: BODY })
      await arrived
      return total
    }
    return await measure(processes, run, commands)
  } finally {
    await reader.stop()
  }
}

/** ws alone, one stringify per event. */
export async function bareFanOut(event: unknown, readers: number, messages: number): Promise<Measured> {
  const server = startChild('bare-websocket', {})
  try {
    const port = await server.hear('ready')
    const reader = startChild('readers', { url: `ws://127.0.0.1:${port}`, count: readers })
    try {
      await reader.hear('ready')
      const armed = reader.hear('armed')
      reader.tell({ expect: readers * messages })
      await armed
      const arrived = reader.hear('arrived')
      return await measure({ ws: server.pid }, async () => {
        server.tell({ send: messages, event })
        await arrived
        return readers * messages
      })
    } finally {
      await reader.stop()
    }
  } finally {
    await server.stop()
  }
}

async function startReaders(gateway: TestGateway, session: string, count: number): Promise<Child> {
  const query = new URLSearchParams({ session, types: 'message.received' })
  const reader = startChild('readers', { url: `${gateway.url.replace(/^http/, 'ws')}/events?${query}`, count, token: gateway.key })
  await reader.hear('ready')
  return reader
}

export async function rosterReads({ gateway, processes }: Place, session: string, seconds: number): Promise<Measured> {
  const request = {
    url: `${gateway.url}/roster?session=${session}`,
    method: 'GET',
    headers: { authorization: `Bearer ${gateway.key}` },
    connections: 16,
  }
  return measure(processes, async () => (await load({ ...request, seconds })).good)
}

export interface Latency {
  /** ms */
  p50: number
  p99: number
}

/** `GET /roster` and `POST /iq` to the own server, one after the other, by the instance that owns the session and by another. */
export async function elsewhere(
  instances: readonly TestGateway[],
  session: string,
  seconds: number,
): Promise<Record<'roster' | 'iq', Record<'owner' | 'other', Latency>>> {
  const { id, instance } = await settled(instances, session)
  const owner = instances.find(({ env }) => env.INSTANCE_ID === instance)!
  const other = instances.find((one) => one !== owner)!
  const roster = { path: 'roster', method: 'GET' }
  const iq = { path: 'iq', method: 'POST', body: JSON.stringify({ type: 'get', to: 'localhost', payload: { ping: {} } }) }
  const time = async ({ url, key }: TestGateway, { path, ...request }: typeof roster & { body?: string }) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const asked = { ...request, url: `${url}/${path}?session=${id}`, headers, connections: 1 }
    await load({ ...asked, seconds: 1 })
    const { p50, p99, bad, errors, good } = await load({ ...asked, seconds })
    if (bad + errors > good / 100) throw new Error(`${path}: ${bad} answers refused, ${errors} errors`)
    return { p50, p99 }
  }
  /** in turns, the better of two: what else the machine does then says less */
  const compare = async (request: typeof roster & { body?: string }) => {
    const rounds = [
      { owner: await time(owner, request), other: await time(other, request) },
      { owner: await time(owner, request), other: await time(other, request) },
    ]
    const better = (who: 'owner' | 'other') => rounds.map((round) => round[who]).reduce((one, two) => (two.p50 < one.p50 ? two : one))
    return { owner: better('owner'), other: better('other') }
  }
  return { roster: await compare(roster), iq: await compare(iq) }
}

/** Waits until all sessions are online, here: the other instance has handed over its own. */
export async function gathered({ api, env }: TestGateway): Promise<void> {
  const deadline = Date.now() + SETTLE_DEADLINE
  for (;;) {
    const { data } = (await api('GET', '/sessions', { query: { limit: 1000 } })).body as { data: { instance: string; state: string }[] }
    if (data.every(({ instance, state }) => instance === env.INSTANCE_ID && state === 'online')) return
    if (Date.now() > deadline) throw new Error('The sessions do not come back.')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Waits until the instances have their shares, so that the session stays where it is; answers it. */
async function settled([one]: readonly TestGateway[], session: string): Promise<{ id: string; instance: string }> {
  const deadline = Date.now() + SETTLE_DEADLINE
  for (let same = 0, before = ''; same < 20 && Date.now() < deadline; ) {
    const { data } = (await one!.api('GET', '/sessions', { query: { limit: 1000 } })).body as { data: { instance: string }[] }
    const now = data.map(({ instance }) => instance).join()
    same = now === before ? same + 1 : 0
    before = now
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return (await one!.api('GET', `/sessions/${encodeURIComponent(session)}`)).body
}

export interface LogIns extends Measured {
  /** ms */
  p50: number
}

/** `POST /sessions` for each user, `parallel` at a time. */
export async function logIns({ gateway, processes }: Place, users: readonly string[], parallel: number): Promise<LogIns> {
  const times: number[] = []
  const queue = [...users]
  const measured = await measure(processes, async () => {
    const work = async () => {
      for (let user = queue.shift(); user !== undefined; user = queue.shift()) {
        const begun = performance.now()
        await gateway.login({ jid: `${user}@localhost`, password: PASSWORD })
        times.push(performance.now() - begun)
      }
    }
    await Promise.all(Array.from({ length: parallel }, work))
    return users.length
  })
  return { ...measured, p50: percentile(times, 0.5) }
}

export interface Footprint {
  /** bytes */
  resident: number
  /** bytes after a full collection */
  heap: number
}

/** Memory of a gateway that was started with --inspect; `inspector` is its ws:// address. */
export async function footprint(pid: number, inspector: string): Promise<Footprint> {
  const socket = new WebSocket(inspector)
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    const ask = (id: number, method: string) =>
      new Promise<{ usedSize: number }>((resolve) => {
        const onMessage = ({ data }: MessageEvent) => {
          const answer = JSON.parse(String(data))
          if (answer.id !== id) return
          socket.removeEventListener('message', onMessage)
          resolve(answer.result)
        }
        socket.addEventListener('message', onMessage)
        socket.send(JSON.stringify({ id, method }))
      })
    await ask(1, 'HeapProfiler.collectGarbage')
    await ask(2, 'HeapProfiler.collectGarbage')
    const { usedSize } = await ask(3, 'Runtime.getHeapUsage')
    return { resident: residentMemory(pid), heap: usedSize }
  } finally {
    socket.close()
  }
}
