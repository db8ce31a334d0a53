/** CPU and memory of processes, from /proc. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageSize = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

/** User and system time of a process in µs; the resolution is one tick, mostly 10 ms. */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond
}

/** Resident memory in bytes. */
export function residentMemory(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageSize
}

export interface Measured {
  count: number
  seconds: number
  perSecond: number
  /** µs per operation, by name of process */
  cpu: Record<string, number>
  /** commands per operation that Redis carried out, those inside scripts too; and scripts, each a step of the store */
  redis?: Commands
}

export interface Commands {
  commands: number
  scripts: number
}

/** Runs something that says how many operations it was, and what each cost. */
export async function measure(
  processes: Readonly<Record<string, number>>,
  run: () => Promise<number>,
  counted?: () => Promise<Commands>,
): Promise<Measured> {
  const names = Object.keys(processes)
  const told = await counted?.()
  const before = names.map((name) => cpuTime(processes[name]!))
  const begun = performance.now()
  const count = await run()
  const seconds = (performance.now() - begun) / 1000
  const cpu = Object.fromEntries(names.map((name, index) => [name, (cpuTime(processes[name]!) - before[index]!) / count]))
  const now = await counted?.()
  const redis = told && now && { commands: (now.commands - told.commands) / count, scripts: (now.scripts - told.scripts) / count }
  return { count, seconds, perSecond: count / seconds, cpu, ...(redis && { redis }) }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
