/**
 * Looks at several gateways on one Redis while they break: that no two have a session (I5), by the links to its server and by what each
 * says that it has, and that nothing was written by one who had it no more (I6).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseCursor } from '../../src/store/cursor.ts'
import type { Link } from '../support/proxy.ts'
import { seconds } from './checker.ts'
import type { Revenant } from './revenant.ts'

/** ms between two looks, and for the answer to one */
const LOOK = 1_000
const ANSWER_WITHIN = 500
/** ms within which what happens at two sockets may be seen in another order */
const AT_ONCE = 50

/** sessions that the gateways which answered have at one time */
export interface Look {
  at: number
  owned: number
}

export interface Write {
  fence: number
  log: string
  sequence: number
}

/** A link to the server of a session, made by one of the gateways. */
export interface Stream extends Pick<Link, 'opened' | 'spoke' | 'closed'> {
  gateway: number
}

/**
 * I5, of the streams of one session in the order in which they were made: one that was still there, or spoke again, after the next was
 * made. Only who is frozen cannot let go of it.
 */
export function overlaps(streams: readonly Stream[], wasFrozen: (gateway: number, at: number) => boolean): string[] {
  return streams.flatMap(({ gateway, opened }, index) => {
    const since = opened + AT_ONCE
    const live = ({ gateway: other, spoke, closed }: Stream) => spoke > since || (closed > since && !wasFrozen(other, opened))
    const older = streams.slice(0, index).filter(live)
    return older.map(
      (one) =>
        `I5, two live streams of one session: i${one.gateway} from ${seconds(one.opened)} on, i${gateway} from ${seconds(opened)} on`,
    )
  })
}

/** I5: more sessions are owned than there are. A session that moves may be counted twice at one look, not at two. */
export function ownedTwice(looks: readonly Look[], sessions: number): string[] {
  return looks
    .filter(({ owned }, index) => owned > sessions && (looks[index - 1]?.owned ?? 0) > sessions)
    .map(({ at, owned }) => `I5, ${owned} sessions are owned, of ${sessions} (${seconds(at)})`)
}

/** I6, of writes in any order: those behind one of a later owner in the same log. */
export function staleWrites(writes: readonly Write[]): string[] {
  const fences = new Map<string, number>()
  return writes
    .toSorted((a, b) => a.sequence - b.sequence)
    .filter(({ log, fence }) => {
      const before = fences.get(log) ?? 0
      fences.set(log, Math.max(before, fence))
      return fence < before
    })
    .map(({ log, sequence, fence }) => `I6, written under the old fence ${fence}: ${log} ${sequence}`)
}

/** What the gateways noted of what they wrote. A line that one was killed over is none. */
export function readWrites(text: string): Write[] {
  return text.split('\n').flatMap((line) => {
    const [, fence, cursor = ''] = /^(\d+) (\S+)$/.exec(line) ?? []
    const place = parseCursor(cursor)
    return place ? [{ fence: Number(fence), ...place }] : []
  })
}

export interface Witness {
  /** Looks until the signal. */
  watch(signal: AbortSignal): Promise<void>
  readonly looks: readonly Look[]
  /** writes refused because another instance had the session by then, as far as seen */
  readonly fenced: number
  /** sessions that an instance found taken from it */
  readonly given: number
}

export function createWitness(gateways: readonly Revenant[]): Witness {
  const looks: Look[] = []
  const fenced = new Map<number, number>()

  /** undefined: it does not answer now */
  async function look(gateway: Revenant): Promise<{ pid: number; owned: number; refused: number } | undefined> {
    const { pid } = gateway.now
    const answer = await gateway.api('GET', '/metrics', { timeout: ANSWER_WITHIN }).catch(() => undefined)
    if (answer?.status !== 200) return undefined
    return { pid, owned: sum(answer.text, 'stanzagate_sessions'), refused: sum(answer.text, 'stanzagate_fenced_writes_total') }
  }

  return {
    looks,
    async watch(signal) {
      while (!signal.aborted) {
        const seen = (await Promise.all(gateways.map(look))).filter((one) => one !== undefined)
        for (const { pid, refused } of seen) fenced.set(pid, refused)
        looks.push({ at: performance.now(), owned: seen.reduce((all, { owned }) => all + owned, 0) })
        await delay(LOOK, undefined, { signal }).catch(() => undefined)
      }
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
