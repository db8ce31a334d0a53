/** What became of a run: in words where it must never be, and in figures. */
import type { Verdict } from './checker.ts'

export interface Run {
  seed: number
  minutes: number
  gateways: number
  /** one per session */
  verdicts: readonly Verdict[]
  /** I5 and I6, in words */
  splits: readonly string[]
  stale: readonly string[]
  /** times that an owner was away for longer than its lease */
  outlived: number
  /** writes refused to an owner that is none any more */
  fenced: number
}

/** The columns of the table in docs/measurements.md. */
export const columns = [
  'gateways',
  'seed',
  'accepted',
  'delivered',
  'lost',
  'failed',
  'lost by the server',
  'repeated, same id',
  'out of order',
  'wrong answers',
  'split brain',
  'writes fenced',
  'longest gap, s',
] as const
export type Figures = Record<(typeof columns)[number], number>

/** What must never be, in words; empty when all is well. */
export function complaints({ minutes, verdicts, splits, stale, outlived, fenced }: Run): string[] {
  return [
    ...verdicts.flatMap(({ violations }) => violations),
    ...splits,
    ...stale,
    // what is not put to the test is not known to hold
    ...(minutes >= 1 && outlived === 0 ? ['no owner was away for longer than its lease'] : []),
    ...(outlived > 0 && fenced === 0 ? [`no write was refused, though an owner outlived its lease ${outlived} times`] : []),
  ]
}

export function figures({ seed, gateways, verdicts, splits, fenced }: Run): Figures {
  const total = (what: (verdict: Verdict) => number) => verdicts.reduce((sum, verdict) => sum + what(verdict), 0)
  const violations = (kind: RegExp) => total((verdict) => verdict.violations.filter((violation) => kind.test(violation)).length)
  return {
    gateways,
    seed,
    accepted: total(({ accepted }) => accepted),
    delivered: total(({ delivered }) => delivered),
    lost: violations(/^I1, accepted|^I3/),
    failed: total(({ failed }) => failed),
    'lost by the server': total(({ lostByServer }) => lostByServer),
    'repeated, same id': total(({ duplicates }) => duplicates),
    'out of order': violations(/^I4/),
    'wrong answers': total(({ wrong }) => wrong),
    'split brain': splits.length,
    'writes fenced': fenced,
    'longest gap, s': Math.round(Math.max(...verdicts.map(({ longestGap }) => longestGap)) / 100) / 10,
  }
}

const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

export const head = `${line(columns)}\n|${'---|'.repeat(columns.length)}`

export function row(run: Run): string {
  const told = figures(run)
  return line(columns.map((column) => told[column]))
}
