/** What goes wrong, one thing after the other, all drawn from the seed and from nothing that happens: a seed has one plan. */
import type { Random } from './random.ts'

/** ms after which others have the sessions of an instance that nobody hears: its lease is over, and they have looked */
export const TAKEN_AFTER = 16_000

/** ms of calm between two faults */
const CALM = [500, 3_000] as const

/** ms that each lasts, from and to */
const lasts = {
  cut: [0, 0],
  'cut in a stanza': [0, 0],
  slice: [500, 2_000],
  late: [500, 2_000],
  'black hole': [500, 6_000],
  'server killed': [0, 2_000],
  'gateway killed': [0, 1_000],
  'gateway ended in order': [0, 1_000],
  'gateway frozen': [1_000, 25_000],
  'gateway cut from Redis': [1_000, 25_000],
  'Redis frozen': [200, 4_000],
  'Redis killed': [0, 2_000],
} as const
export type Fault = keyof typeof lasts

/** what links do happens more often than a death */
const ofLinks: readonly Fault[] = ['cut', 'cut', 'cut in a stanza', 'cut in a stanza', 'slice', 'late', 'black hole']
const others: readonly Fault[] = (Object.keys(lasts) as Fault[]).slice(5)

/** What must not be left to luck, at the start of each run of a minute or longer: an owner away for longer than its lease … */
const ofOwners: readonly Fault[] = ['gateway frozen', 'gateway cut from Redis']
const OWNER_AWAY = [TAKEN_AFTER + 1_000, TAKEN_AFTER + 4_000] as const
/** … and, where there is time, all of them at once */
const ofRedis: readonly Fault[] = ['Redis frozen', 'Redis killed']
const REDIS_AWAY = [12_000, 20_000] as const

export interface Step {
  /** ms before it */
  calm: number
  fault: Fault
  /** ms */
  lasts: number
  /** from 0 up to 1: which one it meets, and in which way */
  which: number
  how: number
}

/** `mortal`: servers may be killed. */
export function* plan({ random, minutes, mortal }: { random: Random; minutes: number; mortal: boolean }): Generator<Step, never> {
  const step = (fault: Fault, [least, most]: readonly [number, number] = lasts[fault]): Step => ({
    calm: random.between(...CALM),
    fault,
    lasts: random.between(least, most),
    which: random.next(),
    how: random.next(),
  })

  if (minutes >= 1) {
    const first = random.pick(ofOwners)
    for (const fault of [first, ...ofOwners.filter((one) => one !== first)]) {
      yield step(fault, OWNER_AWAY)
      yield step(random.pick(ofLinks))
    }
  }
  if (minutes > 1) yield step(random.pick(ofRedis), REDIS_AWAY)

  const lots = [...ofLinks, ...others].filter((fault) => fault !== 'server killed' || mortal)
  while (true) yield step(random.pick(lots))
}
