/** One attack, as a process: `node attacker.ts <number> <target as JSON>`. What it did is its output, as JSON. */
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { createAttacker, type Target } from './attack.ts'
import { attacks } from './attacks.ts'

/** ms of an attack unless it says otherwise, and how long it may need to begin and to end */
const MS = 1000
const AROUND = 20_000

// who attacks from outside has no part of the processor
setPriority(10)
const [number = '', json = ''] = process.argv.slice(2)
const attack = attacks[Number(number)]
if (attack === undefined) throw new Error(`There is no attack ${number}.`)
const { ms = MS } = attack

const done: Record<string, number> = {}
const end = new AbortController()
let left = ms
let paused = 0
let began = performance.now()
let timer = setTimeout(() => end.abort(), ms)

/** The time of the attack is for the attack: it stands still while something is prepared. */
async function pause<T>(prepared: Promise<T>): Promise<T> {
  if (paused++ === 0) {
    clearTimeout(timer)
    left -= performance.now() - began
  }
  try {
    return await prepared
  } finally {
    if (--paused === 0) {
      began = performance.now()
      timer = setTimeout(() => end.abort(), left)
    }
  }
}

const { attacker, stop } = createAttacker(JSON.parse(json) as Target, {
  signal: end.signal,
  pause,
  did: (what, times = 1) => {
    done[what] = (done[what] ?? 0) + times
  },
})
const late = delay(AROUND, 'late', { ref: false })
const outcome = await Promise.race([attack.run(attacker).catch((error: Error) => error), late])
if (outcome instanceof Error && !end.signal.aborted) done[`fault: ${outcome.stack}`] = 1
if (outcome === 'late') done['fault: it has no end'] = 1
await Promise.race([stop(), delay(1000, undefined, { ref: false })])
process.stdout.write(JSON.stringify(done), () => process.exit(0))
