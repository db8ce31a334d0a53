/** Looks at several gateways on one Redis while they break: who says that it has which number of sessions, and what was refused. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Revenant } from './revenant.ts'

/** ms between two looks, and for the answer to one */
const LOOK = 1_000
const ANSWER_WITHIN = 500

export interface Witness {
  /** Looks until the signal. */
  watch(signal: AbortSignal): Promise<void>
  /** times that more sessions were owned than there are, at two looks in a row */
  readonly splits: number
  /** writes refused because another instance had the session by then, as far as seen */
  readonly fenced: number
  /** sessions that an instance found taken from it */
  readonly given: number
}

export function createWitness({ gateways, sessions }: { gateways: readonly Revenant[]; sessions: number }): Witness {
  const fenced = new Map<number, number>()
  let splits = 0

  /** undefined: it does not answer now */
  async function look(gateway: Revenant): Promise<{ pid: number; owned: number; refused: number } | undefined> {
    const { pid } = gateway.now
    const answer = await gateway.api('GET', '/metrics', { timeout: ANSWER_WITHIN }).catch(() => undefined)
    if (answer?.status !== 200) return undefined
    return { pid, owned: sum(answer.text, 'stanzagate_sessions'), refused: sum(answer.text, 'stanzagate_fenced_writes_total') }
  }

  return {
    async watch(signal) {
      let before = false
      while (!signal.aborted) {
        const seen = (await Promise.all(gateways.map(look))).filter((one) => one !== undefined)
        for (const { pid, refused } of seen) fenced.set(pid, refused)
        const split = seen.reduce((owned, one) => owned + one.owned, 0) > sessions
        if (split && before) splits += 1
        before = split
        await delay(LOOK, undefined, { signal }).catch(() => undefined)
      }
    },
    get splits() {
      return splits
    },
    get fenced() {
      return [...fenced.values()].reduce((all, one) => all + one, 0)
    },
    get given() {
      const logs = gateways.flatMap(({ lives }) => lives.flatMap((life) => life.logs))
      return logs.filter(({ entry }) => entry?.event === 'lease.lost').length
    },
  }
}

/** of all samples of one metric, whatever their labels */
function sum(text: string, metric: string): number {
  const samples = text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))
  return [...samples].reduce((all, [, value]) => all + Number(value), 0)
}
