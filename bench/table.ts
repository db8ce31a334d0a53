/** The table of a run: rows as they are measured, as Markdown, as a file, and beside the rows of another run. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Measured } from './measure.ts'

/** One row. What a figure is compared with is of the same run; `note` says it in words. */
export interface Row {
  /** what is measured: its name, the same in every run */
  what: string
  perSecond?: number
  /** µs per operation, by name of process */
  cpu?: Record<string, number>
  redis?: Measured['redis']
  /** what it costs, where it is not told by processes */
  costs?: string
  note?: string
  target?: string
}

/** What a file has: the table of one run, and where that was. */
interface Run {
  at: string
  machine: string
  rows: Row[]
}

export interface Table {
  add(row: Row): void
  /** a row of something that was measured per operation */
  measured(what: string, measured: Measured, note?: string, target?: string): void
  /** prints all, writes the file and compares, where that was asked for */
  end(options: { json?: string | undefined; compare?: string | undefined }): void
}

export function createTable(): Table {
  const rows: Row[] = []
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores for everything; Node ${process.version}; TLS on; one run`

  function add(row: Row): void {
    rows.push(row)
    console.error(cellsOf(row).join('  ·  '))
  }

  return {
    add,
    measured: (what, { perSecond, cpu, redis }, note = '', target = '') =>
      add({ what, perSecond, cpu, ...(redis && { redis }), note, target }),
    end({ json, compare }) {
      console.log(`\n${machine}\n`)
      print([['what', 'rate /s', 'CPU µs per operation', 'ratio', 'target'], ...rows.map(cellsOf)])
      const before = compare === undefined ? undefined : (JSON.parse(readFileSync(compare, 'utf8')) as Run)
      if (json !== undefined)
        writeFileSync(json, `${JSON.stringify({ at: new Date().toISOString(), machine, rows } satisfies Run, undefined, 2)}\n`)
      if (before) printRatios(before, rows)
    },
  }
}

function cellsOf({ what, perSecond, cpu = {}, redis, costs: told, note = '', target = '' }: Row): string[] {
  const costs = Object.entries(cpu).map(([name, cost]) => `${name} ${cost.toFixed(cost < 100 ? 1 : 0)}`)
  if (told) costs.push(told)
  if (redis) costs.push(`${redis.commands.toFixed(1)} Redis commands, ${redis.scripts.toFixed(2)} scripts`)
  return [what, perSecond === undefined ? '' : perSecond.toFixed(perSecond < 10 ? 1 : 0), costs.join(', '), note, target]
}

/** Each row beside the one of the same name: this run's figure by the other's. */
function printRatios(before: Run, rows: readonly Row[]): void {
  console.log(`\nbeside the run of ${before.at} (${before.machine}): this one's figure by that one's\n`)
  const known = new Map(before.rows.map((row) => [row.what, row]))
  const lines = rows.flatMap((row) => {
    const other = known.get(row.what)
    return other === undefined || (row.perSecond === undefined && row.cpu === undefined) ? [] : [ratiosOf(row, other)]
  })
  print([['what', 'rate', 'CPU per operation', 'Redis'], ...lines])
}

function ratiosOf({ what, perSecond, cpu = {}, redis }: Row, other: Row): string[] {
  const costs = Object.entries(cpu).flatMap(([name, cost]) => {
    const was = other.cpu?.[name]
    return was === undefined ? [] : [`${name} ${ratio(cost, was)}`]
  })
  const steps =
    redis && other.redis
      ? `commands ${ratio(redis.commands, other.redis.commands)}, scripts ${ratio(redis.scripts, other.redis.scripts)}`
      : ''
  return [what, perSecond === undefined || other.perSecond === undefined ? '' : ratio(perSecond, other.perSecond), costs.join(', '), steps]
}

export const ratio = (one: number, other: number): string => (one / other).toFixed(2)

/** As Markdown, so that it can go into docs/measurements.md as it is. */
function print(lines: readonly string[][]): void {
  const [head = [], ...body] = lines
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const format = (line: readonly string[]) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  console.log([format(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(format)].join('\n'))
}
