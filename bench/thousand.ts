/** 1,000 accounts online in one process, on a real Prosody with TLS: `node bench/thousand.ts`, and part of `npm run bench`. */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { install } from '../scripts/install.ts'
import { CLIENT } from '../src/xml/element.ts'
import { createStreamParser } from '../src/xml/parse.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { startChild } from './child.ts'
import type { Kind, Online, Told } from './online.ts'

const COUNT = 1_000
/** log-ins before, so that what is only needed once is there */
const WARM = 100
const PARALLEL = 16
/** ms of doing nothing: each idle stream is asked for a sign of life in that time */
const IDLE = 16_000
const PASSWORD = 'bench-password'

interface Cost extends Online {
  /** µs of CPU per second and account that does nothing */
  idle: number
}

/** Rows of the table of `npm run bench`: what, rate, CPU, ratio, target. */
export async function measureThousand(say: (row: string[]) => void): Promise<void> {
  const library = await measure('@xmpp/client')
  const connections = await measure('src/xmpp')
  const sessions = await measure('gateway')
  const costs = (name: string, { cpu, stall, idle }: Cost) =>
    `${name} ${(cpu / COUNT).toFixed(0)} per log-in, ${idle.toFixed(1)} per s idle; longest stall ${stall.toFixed(0)} ms`
  const row = (what: string, name: string, cost: Cost, compared: string, target: string) =>
    say([what, (COUNT / cost.seconds).toFixed(0), costs(name, cost), compared, target])
  const memory = ({ resident, heap }: Cost) => `RSS ${KiB(resident)}, heap ${KiB(heap)} each`
  const share = (connections.resident / library.resident).toFixed(2)
  row(`${COUNT} × @xmpp/client alone (SCRAM of one iteration)`, 'client', library, memory(library), '')
  row(`${COUNT} connections of src/xmpp alone`, 'src/xmpp', connections, `${memory(connections)}; RSS ${share} of @xmpp/client`, '≤ 1.10')
  const whole = (sessions.resident / library.resident).toFixed(2)
  row(
    `${COUNT} sessions (memory)`,
    'gateway',
    sessions,
    `${memory(sessions)}; RSS ${whole} of @xmpp/client`,
    '≤ 10,000 µs; ≤ 75 KB, ≤ 30 KB',
  )
  inPieces(256 * 1024) // compiles it
  const pieces = [256, 1024].map((size) => inPieces(size * 1024)) as [number, number]
  say([
    'a stanza of 1 MiB in pieces of 64 bytes',
    '',
    `${pieces[1].toFixed(1)} per KiB`,
    `${(pieces[1] / pieces[0]).toFixed(2)} of one of 256 KiB`,
    'about 1',
  ])
}

async function measure(by: Kind): Promise<Cost> {
  const users = Array.from({ length: COUNT + WARM }, (_, index) => `u${index}`)
  const server = await startProsody({
    users: Object.fromEntries(users.map((user) => [user, PASSWORD])),
    mam: false,
    // @xmpp/client takes half a second of CPU for the 10,000 that servers use; what it keeps in memory is the same
    iterations: by === '@xmpp/client' ? 1 : 10_000,
  })
  const folder = temporaryFolder('online')
  const argument: Told = { by, port: server.port, caFile: server.caFile, password: PASSWORD, folder }
  const child = startChild('online', argument, { NODE_EXTRA_CA_CERTS: server.caFile }, ['--expose-gc'])
  try {
    await child.hear('ready')
    const logIn = async (names: string[]): Promise<Online> => {
      const done = child.hear('online')
      child.tell({ users: names, parallel: PARALLEL })
      return (await done) as Online
    }
    const before = await logIn(users.slice(COUNT))
    const after = await logIn(users.slice(0, COUNT))
    const idle = child.hear('idle')
    child.tell({ users: [], parallel: 0, idle: IDLE })
    const each = (name: 'resident' | 'heap') => (after[name] - before[name]) / COUNT
    return { ...after, resident: each('resident'), heap: each('heap'), idle: (Number(await idle) * 1000) / IDLE / (COUNT + WARM) }
  } finally {
    await child.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** µs per KiB of a stanza that comes in small pieces: the best of some runs. */
function inPieces(bytes: number): number {
  const text = `<stream:stream xmlns='${CLIENT}' xmlns:stream='http://etherx.jabber.org/streams'><message><body>${'x'.repeat(bytes)}</body></message>`
  const pieces = Array.from({ length: Math.ceil(text.length / 64) }, (_, index) => text.slice(index * 64, (index + 1) * 64))
  const nothing = () => undefined
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 10; run += 1) {
    const parser = createStreamParser({ limits: { bytes: 2 * bytes }, onOpen: nothing, onElement: nothing, onClose: nothing })
    const begun = performance.now()
    for (const piece of pieces) parser.write(piece)
    best = Math.min(best, performance.now() - begun)
  }
  return (best * 1000) / (bytes / 1024)
}

const KiB = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await install(['prosody', 'openssl'])
  await measureThousand((row) => console.log(row.join('  ·  ')))
}
