/** Tells work that grows with its input from work that grows faster, whatever else the machine does meanwhile. */
import assert from 'node:assert/strict'

/** what twice the input may cost: twice, and room for collections and caches */
const FACTOR = 2.6
/** measurements of each size: before it is judged, and before one that looks wrong is believed */
const MEASURED = 4
const TRIES = 16

export interface Doubled {
  what: string
  /** the steps that are to be measured, each for itself, ready to be run as often as needed */
  prepare(size: number): Steps
}

type Run = () => unknown
export type Steps = Readonly<Record<string, Run>>

interface Bounds {
  size: number
  /** ms that a step may take */
  most: number
  /** ms of a step that is not looked at any further */
  little: number
}

/**
 * Measures each step with input of `size` and of half of that. Rejects where one takes more than `most`, or where the whole costs more than
 * 2.6 times the half, and twice the whole 2.6 times the whole: memory costs more from some sizes on, but not more and more.
 */
export async function assertLinear({ what, prepare }: Doubled, { size, most, little }: Bounds): Promise<void> {
  const prepared = new Map<number, Steps>()
  const stepsOf = (length: number) => prepared.get(length) ?? (prepared.set(length, prepare(length)).get(length) as Steps)
  for (const [step, run] of Object.entries(stepsOf(size))) {
    if ((await cost(run)) <= little) continue
    const { half, whole, factor } = await growth({ half: stepsOf(size / 2)[step] as Run, whole: run, little })
    const seen = `${what}, ${step}: ${whole.toFixed(1)} ms for ${size}`
    assert.ok(whole <= most, `${seen}, more than ${most} ms`)
    if (factor <= FACTOR) continue
    const next = await growth({ half: run, whole: stepsOf(size * 2)[step] as Run, little })
    assert.ok(
      next.factor <= FACTOR,
      `${seen}, ${factor.toFixed(1)} times the ${half.toFixed(1)} ms for half of it, and the next time ${next.factor.toFixed(1)} times`,
    )
  }
}

/** What both cost, and how much more the whole: measured until it is not too much, or for sure. */
async function growth(runs: { half: Run; whole: Run; little: number }): Promise<{ half: number; whole: number; factor: number }> {
  const [halves, wholes]: [number[], number[]] = [[], []]
  for (let tries = 1; ; tries += 1) {
    halves.push(await cost(runs.half))
    wholes.push(await cost(runs.whole))
    const [half, whole] = [typical(halves), typical(wholes)]
    const factor = whole <= runs.little ? 0 : whole / half
    if ((tries >= MEASURED && factor <= FACTOR) || tries === TRIES) return { half, whole, factor }
  }
}

/** What it costs where nothing else came in between: not the least, which may be wrong by a tick of the kernel. */
function typical(costs: readonly number[]): number {
  return costs.toSorted((one, other) => one - other)[Math.floor(costs.length / 4)] as number
}

/** ms that this thread worked on it: what else the machine does in the meantime does not count */
export async function cost(run: Run): Promise<number> {
  const began = worked()
  await run()
  return worked() - began
}

const cell = new Int32Array(new SharedArrayBuffer(4))

function worked(): number {
  // the kernel brings the account of a thread up to date when it sleeps
  Atomics.wait(cell, 0, 0, 0.1)
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
