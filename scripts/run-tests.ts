/**
 * `npm test`: installs what the tests need, then runs test/ with node:test. Arguments: a step, test files, or options of node such as
 * `--test-name-pattern`.
 * Everything that tests put under the temporary folder goes with it in the end, however they end.
 */
import { spawn } from 'node:child_process'
import { globSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { temporaryFolder } from '../test/support/processes.ts'
import { install } from './install.ts'

const FILES = 'test/**/*.test.ts'
/** what is run apart from the rest, for its time or for what it needs */
const STEPS: Record<string, string[]> = {
  // kills and faults by the dozen; instances, servers and stores that are lost
  faults: [
    'test/chaos/*.test.ts',
    'test/behaviour/{clocks,consumers,fair*,instances*,large-roster,overload,redis-trouble*,repeated*,restart,silent-servers,slow-servers,versions}.test.ts',
    'test/store/{cluster-replicas,redis-fitness,redis-members,redis-trouble}.test.ts',
  ],
  // attacks, while somebody else is timed
  abuse: ['test/abuse/*.test.ts'],
  // Debian's backports
  'prosody-13': ['test/xmpp/prosody-13.test.ts'],
}
/** test files at once: each has servers of its own, on as many cores as a small machine has */
const CONCURRENCY = 2
/** attacks are timed; in faults more than half of the time is waiting for what was lost to be missed */
const CONCURRENCY_OF: Readonly<Record<string, number>> = { abuse: 1, faults: 3 }
/** ms for one test file; those of behaviour/ go through four cells each */
const TIMEOUT = 480_000

try {
  await install(['prosody', 'redis', 'ejabberd', 'slixmpp', 'pyyaml', 'openssl', 'faketime', 'chromium'])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

const given = process.argv.slice(2)
const options = given.filter((argument) => argument.startsWith('--'))
const named = given.filter((argument) => !argument.startsWith('--'))
const [first] = named
const files = first === undefined ? globSync(FILES, { exclude: Object.values(STEPS).flat() }).sort() : (STEPS[first] ?? named)
const folder = temporaryFolder('tests')
const child = spawn(
  process.execPath,
  [
    '--test',
    `--test-concurrency=${CONCURRENCY_OF[first ?? ''] ?? CONCURRENCY}`,
    `--test-timeout=${TIMEOUT}`,
    '--test-reporter=spec',
    ...options,
    ...files,
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: folder,
      // half of what a test file costs that starts a gateway is the reading of its code
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      // it would make the runner believe that it is a test file itself
      NODE_TEST_CONTEXT: undefined,
    },
  },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.once('exit', (code, signal) => {
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
})
