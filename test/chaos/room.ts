/** A room of a server, in which one account talks through the gateway and another one, also through it, listens. */
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Producer, startConsumer, startProducer } from './caller.ts'
import { checkRoom, type Verdict } from './checker.ts'
import { bodyOf, emptyHistory } from './history.ts'
import type { Reachable } from './revenant.ts'

/** ms between looks at what was heard */
const LOOK = 25
/** ms to come in while all is well */
const JOIN_WITHIN = 60_000

export interface Room {
  readonly producer: Producer
  /** the listener's */
  readonly session: string
  /** Waits until all that was accepted is heard. Answers what is not in `ms`, in words. */
  settled(ms: number): Promise<string[]>
  judge(): Promise<Verdict>
  stop(): Promise<void>
}

export interface RoomOptions {
  server: XmppServer
  gateway: Reachable
  /** session of the one who talks */
  talker: string
  /** local part of the one who listens */
  listener: string
  password: string
}

export async function openRoom({ server, gateway, talker, listener, password }: RoomOptions): Promise<Room> {
  const history = emptyHistory()
  const room = `heath@conference.${server.domain}`
  // another name of the same place: its streams are not among those that are cut, and told apart by the session that they are of
  const service = `xmpp://localhost:${server.port}`
  async function ask(method: string, path: string, body: object, query = {}): Promise<{ id: string }> {
    const headers = { prefer: 'wait=30' }
    const answer = await gateway.api(method, path, { body, query, headers, timeout: JOIN_WITHIN })
    if (answer.status > 201) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const { id: session } = await ask('POST', '/sessions', { jid: `${listener}@${server.domain}`, password, service })
  const path = `/rooms/${encodeURIComponent(room)}`
  await ask('PUT', path, { nick: 'First', create: 'configure', values: { persistent: true, archive: true } }, { session: talker })
  await ask('PUT', path, { nick: 'Second', create: 'never' }, { session })
  const consumer = startConsumer({ gateway, session, history })
  const producer = startProducer({ gateway, session: talker, to: room, history })

  function unheard(): string[] {
    const heard = new Set(history.told.flatMap(({ message }) => (message ? [bodyOf(message)] : [])))
    return history.accepted.map(bodyOf).filter((body) => !heard.has(body))
  }

  return {
    producer,
    session,
    async settled(ms) {
      const deadline = performance.now() + ms
      while (unheard().length > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, LOOK))
      return unheard()
    },
    async judge() {
      await consumer.stop()
      return checkRoom(history)
    },
    async stop() {
      producer.stop()
      await consumer.stop()
    },
  }
}
