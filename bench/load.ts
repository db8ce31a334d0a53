/** HTTP load by wrk: one thread, connections kept alive, a bounded time. It costs little CPU beside what it measures. */
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, temporaryFolder } from '../test/support/processes.ts'

const run = promisify(execFile)

export interface Load {
  url: string
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string
  connections: number
  seconds: number
}

export interface Loaded {
  /** answers of the status 2xx and 3xx */
  good: number
  bad: number
  errors: number
  seconds: number
  /** ms */
  p50: number
  p99: number
}

export async function load({ url, method = 'POST', headers = {}, body, connections, seconds }: Load): Promise<Loaded> {
  const folder = temporaryFolder('wrk')
  const script = join(folder, 'request.lua')
  const quote = (value: string) => `[==[${value}]==]`
  writeFileSync(
    script,
    `wrk.method = ${quote(method)}
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[ ${quote(name)} ] = ${quote(value)}`)
  .join('\n')}
${body === undefined ? '' : `wrk.body = ${quote(body)}`}
function done(s, l)
  local e = s.errors
  io.write(string.format('RESULT %d %d %d %d %.0f %.0f\\n', s.requests, s.duration, e.status, e.connect + e.read + e.write + e.timeout, l:percentile(50), l:percentile(99)))
end
`,
  )
  try {
    const { stdout } = await run(findProgram('wrk'), ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, url])
    const numbers = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.slice(1).map(Number)
    if (numbers === undefined) throw new Error(`wrk: ${stdout}`)
    const [requests, duration, bad, errors, p50, p99] = numbers as [number, number, number, number, number, number]
    return { good: requests - bad, bad, errors, seconds: duration / 1e6, p50: p50 / 1000, p99: p99 / 1000 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
