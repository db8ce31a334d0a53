/** A time of day that is set while processes run on it, by libfaketime. Their monotonic clock, and so their deadlines, go on as they are. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './processes.ts'

export interface WallClock {
  /** of the processes that go by it */
  readonly env: Readonly<Record<string, string>>
  /** what it says, epoch ms */
  now(): number
  /** ms from what it says now; negative ones put it back */
  advance(ms: number): void
}

/** $LIB is the dynamic linker's. libc stands before Redis's jemalloc, which asks for the time before libfaketime can tell it. */
const LIBRARIES = ['/usr/$LIB/faketime/libfaketimeMT.so.1', 'libc.so.6']

export function createWallClock(): WallClock {
  const folder = temporaryFolder('wall-clock')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'offset')
  let ahead = 0
  function advance(ms: number): void {
    ahead += ms
    // it is read with each look at the time, so it has to change at once
    writeFileSync(`${file}.new`, `${ahead < 0 ? '-' : '+'}${Math.abs(ahead) / 1000}`)
    renameSync(`${file}.new`, file)
  }
  advance(0)
  const env = {
    LD_PRELOAD: LIBRARIES.join(' '),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
  return { env, now: () => Date.now() + ahead, advance }
}
