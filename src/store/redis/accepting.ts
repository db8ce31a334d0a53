/** What callers send to one session in one turn is accepted in one step. */
import { Problem } from '../../errors/problem.ts'
import { sessionNotFound } from '../../errors/refusals.ts'
import type { Acceptance, AcceptResult } from '../../gateway/ports/change.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import { newLog } from '../cursor.ts'
import { excessOf, retryAfter } from '../drain.ts'
import { countFull } from '../dropped.ts'
import { enclose } from './envelope.ts'
import { keptAnswer, type Liveness } from './idempotency.ts'
import { type DroppedEvents, eventArguments, type Heads } from './log.ts'
import type { Argument, Scripts } from './scripts.ts'
import type { Turn } from './turn.ts'

/** characters of what one step takes, as far as it is not one acceptance alone: Redis does nothing else meanwhile */
const STEP = 512 * 1024

type Verdict =
  | ['reused']
  | ['accepted', before: string, last: string]
  | ['id-in-use', id: string]
  | ['replayed', answer: string]
  | ['running', instance: string]
  | ['full', excess: number, bytes: number, mean: number, since: string, settled: string, now: number]
type Accepted = ['absent' | 'lost'] | ['done', verdicts: Verdict[], log?: string, head?: number, dropped?: DroppedEvents]

interface Waiting {
  events: number
  /** for the script, without the instance that is dead */
  args: Argument[]
  size: number
  resolve(verdict: Verdict): void
  reject(error: unknown): void
}

export function createAccepting({
  scripts,
  turn,
  heads,
  liveness,
  packs,
  grown,
  metrics,
}: {
  scripts: Pick<Scripts, 'accept'>
  turn: Turn
  heads: Heads
  liveness: Liveness
  /** are large events packed? */
  packs: () => boolean
  /** after an append: name and head of the log, how many events there are more, and how many had to go */
  grown: (id: string, log: string, head: number, events: number, dropped: DroppedEvents | undefined) => void
  metrics: Metrics | undefined
}): (id: string, acceptance: Acceptance) => Promise<AcceptResult> {
  /** by session, of this turn */
  const waiting = new Map<string, Waiting[]>()

  function takeAll(): void {
    const turns = [...waiting]
    waiting.clear()
    for (const [id, all] of turns) for (const step of stepsOf(all)) void take(id, step)
  }

  async function take(id: string, step: readonly Waiting[]): Promise<void> {
    try {
      const verdicts = await accept(id, step, '')
      for (const [index, { resolve }] of step.entries()) resolve(verdicts[index]!)
    } catch (error) {
      for (const { reject } of step) reject(error)
    }
  }

  async function accept(id: string, step: readonly Pick<Waiting, 'args' | 'events'>[], dead: string): Promise<Verdict[]> {
    const args = step.flatMap((one) => [dead, ...one.args])
    const write = (fresh: string) => scripts.accept<Accepted>(id, [fresh, ...heads.seen(id), step.length, ...args])
    let result = await write('')
    if (result[0] === 'lost') result = await write(newLog(id))
    if (result[0] === 'absent') throw sessionNotFound()
    if (result[0] !== 'done') throw new Problem('store-unavailable', 'The log of the session is being lost.', { retryAfter: 2 })
    const [, verdicts, log, head, dropped] = result
    const events = step.reduce((sum, one, index) => sum + (verdicts[index]![0] === 'accepted' ? one.events : 0), 0)
    if (log !== undefined) grown(id, log, head!, events, dropped)
    return verdicts
  }

  return async (id, acceptance) => {
    const args = argumentsOf(acceptance, packs())
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>()
    if (waiting.size === 0) turn.end(takeAll)
    const one = { events: acceptance.events.length, args, size: sizeOf(args), resolve, reject }
    const others = waiting.get(id)
    if (others) others.push(one)
    else waiting.set(id, [one])
    let verdict = await promise
    if (verdict[0] === 'running' && (await liveness.isDead(verdict[1]))) [verdict] = (await accept(id, [one], verdict[1])) as [Verdict]
    if (verdict[0] === 'full') countFull(metrics, verdict[1] > 0)
    return resultOf(verdict)
  }
}

function argumentsOf({ entries, events, idempotency }: Acceptance, packs: boolean): Argument[] {
  const { key = '', fingerprint = '', answer } = idempotency ?? {}
  const args: Argument[] = [key, encodeURIComponent(fingerprint), answer === undefined ? '' : enclose(answer), entries.length]
  for (const { entry, record, isNew } of entries) args.push(entry.id, isNew ? 'n' : '', enclose(entry), enclose(record))
  args.push(events.length, ...eventArguments(events, packs))
  return args
}

const sizeOf = (args: readonly Argument[]) => args.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0)

/** In their order, as many in one as are not too large together. */
function* stepsOf(all: readonly Waiting[]): Generator<Waiting[]> {
  let step: Waiting[] = []
  let size = 0
  for (const one of all) {
    if (step.length > 0 && size + one.size > STEP) {
      yield step
      step = []
      size = 0
    }
    step.push(one)
    size += one.size
  }
  yield step
}

function resultOf(verdict: Verdict): AcceptResult {
  switch (verdict[0]) {
    case 'accepted':
      return { kind: 'accepted', ...(verdict[1] !== verdict[2] && { places: { before: verdict[1], last: verdict[2] } }) }
    case 'running':
    case 'reused':
      return { kind: verdict[0] }
    case 'replayed':
      return { kind: 'replayed', answer: keptAnswer(verdict[1]) }
    case 'id-in-use':
      return { kind: 'id-in-use', id: verdict[1] }
    case 'full': {
      const [, excess, bytes, mean, since, settled, now] = verdict
      return {
        kind: 'full',
        retryAfter: retryAfter(excessOf(excess, bytes, mean), { since: Number(since), settled: Number(settled) }, now),
      }
    }
  }
}
