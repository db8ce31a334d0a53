/** The near side again: a webhook of a session, and its consumer, which is away at times. */
import { setTimeout as delay } from 'node:timers/promises'
import { startReceiver } from '../webhooks/receiver.ts'
import { type History, HOOKED } from './history.ts'
import type { Random } from './random.ts'
import type { Reachable } from './revenant.ts'

/** ms for which the consumer is there, and for which it is away */
const WELL = [4_000, 12_000] as const
const AWAY = [200, 2_000] as const
const ways = ['cuts off', 'refuses', 'does not answer'] as const

export interface Hook {
  /** Is away now and then, until the signal; it is there when it resolves. */
  rage(random: Random, signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** Events of the session, from now on, one at a time and in order. */
export async function startHook({ gateway, session, history }: { gateway: Reachable; session: string; history: History }): Promise<Hook> {
  const receiver = await startReceiver()
  const hooked: NonNullable<History['hooked']> = []
  history.hooked = hooked
  let away: (typeof ways)[number] | undefined
  receiver.answers = ({ headers, body }, response) => {
    if (away === 'cuts off') response.destroy()
    else if (away === 'refuses') response.writeHead(503).end()
    else if (away === undefined) {
      hooked.push({ id: String(headers['webhook-id']), event: JSON.parse(body).id, at: performance.now() })
      response.writeHead(204).end()
    }
  }
  const body = { url: receiver.url, types: HOOKED, session, ordering: 'strict', after: '0' }
  const { status, text } = await gateway.api('POST', '/webhooks', { body, timeout: 60_000 })
  if (status !== 201) throw new Error(`There is no webhook: ${status} ${text}`)

  return {
    async rage(random, signal) {
      const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined)
      while (!signal.aborted) {
        await pause(random.between(...WELL))
        away = random.pick(ways)
        await pause(random.between(...AWAY))
        away = undefined
      }
    },
    stop: receiver.stop,
  }
}
