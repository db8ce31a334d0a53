/** Some sessions in one room of many occupants: what each of these costs a session, and what a message of the room costs. */
import type { TestGateway } from '../test/support/gateway.ts'
import { startChild } from './child.ts'
import { type Measured, measure } from './measure.ts'
import { BODY, type Footprint, footprint, logIns, PASSWORD, type Place } from './measurements.ts'

const ROOM = 'crowd@conference.localhost'
/** ms that all may take to be in the room, or to have what was said; and between looks */
const DEADLINE = 300_000
const LOOK = 250
/** … where a look would be measured too */
const SELDOM = 3_000
/** occupants that come before the next ones do: each is told to all who are there */
const AT_ONCE = 60

export interface Crowd {
  /** bytes per occupant and session */
  occupant: Footprint & { redis?: number }
  /** per message and session */
  message: Measured
}

export async function crowd(place: Place, { inspector, sessions, others, messages, memory }: Wanted): Promise<Crowd> {
  const { gateway, server, processes, commands } = place
  const { tlsPort, caFile } = server
  await logIns(place, sessions, 4)
  const child = startChild('occupants', { tlsPort, caFile, password: PASSWORD, resource: 'crowd', room: ROOM })
  try {
    await child.hear('ready')
    for (let from = 0; from < others.length; from += AT_ONCE) {
      const done = child.hear('done')
      child.tell({ come: others.slice(from, from + AT_ONCE) })
      await done
    }
    const size = sessions.length + others.length
    const [before, kept] = [await footprint(gateway.pid, inspector), await memory?.()]
    for (const user of sessions) await join(gateway, user)
    for (const user of sessions) await until(async () => (await roomOf(gateway, user)).occupants === size)
    const [after, now] = [await footprint(gateway.pid, inspector), await memory?.()]
    const each = (bytes: number) => bytes / size / sessions.length
    const message = await measure(
      processes,
      async () => {
        const expected = (await messagesIn(gateway)) + messages * sessions.length
        child.tell({ speak: messages, body: BODY })
        await until(async () => (await messagesIn(gateway)) >= expected, SELDOM)
        return messages * sessions.length
      },
      commands,
    )
    const occupant = { resident: each(after.resident - before.resident), heap: each(after.heap - before.heap) }
    return { occupant: { ...occupant, ...(now !== undefined && kept !== undefined && { redis: each(now - kept) }) }, message }
  } finally {
    await child.stop()
    // what comes next does not wait for a server that tells everybody of everybody's leave
    for (const user of sessions) await until(async () => (await roomOf(gateway, user)).occupants <= sessions.length)
  }
}

interface Wanted {
  inspector: string
  /** names of accounts */
  sessions: readonly string[]
  others: readonly string[]
  /** that are said in the room */
  messages: number
  /** bytes that Redis has, where there is one */
  memory?: () => Promise<number>
}

async function join({ api }: TestGateway, user: string): Promise<void> {
  const query = { session: `${user}@localhost` }
  const { status, text } = await api('PUT', `/rooms/${encodeURIComponent(ROOM)}`, { query, body: {}, headers: { prefer: 'wait=60' } })
  if (status !== 200) throw new Error(text)
}

const roomOf = async ({ api }: TestGateway, user: string) =>
  (await api('GET', `/rooms/${encodeURIComponent(ROOM)}`, { query: { session: `${user}@localhost` } })).body as { occupants: number }

const messagesIn = async ({ api }: TestGateway): Promise<number> =>
  Number(/^stanzagate_stanzas_total\{direction="in",kind="message"\} (\d+)$/m.exec((await api('GET', '/metrics')).text)?.[1] ?? 0)

async function until(is: () => Promise<boolean>, look = LOOK): Promise<void> {
  const deadline = performance.now() + DEADLINE
  while (!(await is())) {
    if (performance.now() > deadline) throw new Error('It is not so in time.')
    await new Promise((resolve) => setTimeout(resolve, look))
  }
}
