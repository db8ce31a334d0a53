/** The house that is attacked: instances with the heap of the chart, a bystander at each, and a server of its own for who attacks. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PASSWORD, users } from '../behaviour/account.ts'
import { authority } from '../support/authority.ts'
import { startFleet } from '../support/fleet.ts'
import { mainFile, startGateway, type TestGateway } from '../support/gateway.ts'
import { temporaryFolder } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startClient } from '../support/second-client.ts'
import { ACCOUNTS, type Target } from './attack.ts'
import { type Bystander, startBystander, type Wait } from './bystander.ts'

/** MiB: what the chart makes of its memory limit (deploy/helm/templates/deployment.yaml) */
const HEAP = ['--max-old-space-size=620', '--max-semi-space-size=32']
/** ms that the sessions of an attack may take to end before the next one begins */
const END_WITHIN = 700
/** ms for one attack, all in all */
const ATTACK_WITHIN = 45_000

export interface Seen {
  /** what the attacker did: answers by status and the like */
  done: Readonly<Record<string, number>>
  /** the longest wait of any bystander, in ms, by what it was for */
  waits: Readonly<Record<Wait, number>>
  /** MiB, the most that an instance had */
  memory: number
  /** what must not happen */
  troubles: readonly string[]
}

export interface Stage {
  attack(number: number): Promise<Seen>
  stop(): Promise<void>
}

/** For so many attacks, each with accounts of its own. */
export async function startStage(store: 'memory' | 'redis', count: number): Promise<Stage> {
  const stops: (() => Promise<unknown>)[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    stops.unshift(() => one.stop())
    return one
  }
  const stop = async () => {
    for (const one of stops.splice(0)) await one()
  }
  try {
    // an archive on files is slower and slower as it grows
    const own = keep(await startProsody({ users: users('romeo', 'juliet', 'nurse'), mam: false }))
    const names = Array.from({ length: ACCOUNTS * count }, (_, index) => `a${index}`)
    const theirs = keep(await startProsody({ users: users(...names), sqlArchive: true }))
    // a server of the attacker has a machine of its own
    setPriority(theirs.pid, 10)
    const options = {
      server: own,
      tenants: ['montague', 'mallory'],
      args: [...HEAP, mainFile],
      env: { LOG_LEVEL: 'info' },
    }
    const gateways = store === 'memory' ? [keep(await startGateway(options))] : keep(await startFleet(2, options)).instances
    const friend = keep(await startClient({ server: own, jid: 'juliet@localhost', password: PASSWORD }))
    const bystanders: Bystander[] = []
    for (const [index, gateway] of gateways.entries()) {
      const name = ['romeo', 'nurse'][index] as string
      bystanders.push(keep(await startBystander({ gateway, server: own, tenant: 'montague', name, friend })))
    }
    const { certify } = await authority()
    const { key, certificate } = await certify(temporaryFolder('attacker'), ['localhost'])
    const { domain, service, port, tlsPort, caFile } = theirs
    const target = {
      urls: gateways.map(({ url }) => url),
      key: gateways[0]?.keys.mallory as string,
      password: PASSWORD,
      server: { domain, service, port, tlsPort, caFile },
      certificate: { key, certificate },
    }
    let first = -ACCOUNTS
    const next = () => (first += ACCOUNTS)
    return { attack: (number) => attack(number, { target: { ...target, first: next() }, gateways, bystanders }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function attack(
  number: number,
  { target, gateways, bystanders }: { target: Target; gateways: readonly TestGateway[]; bystanders: readonly Bystander[] },
): Promise<Seen> {
  for (const one of bystanders) one.reset()
  for (const { pid } of gateways) resetPeak(pid)
  const losses = () =>
    gateways.flatMap((one) =>
      lossesOf(
        one,
        bystanders.map(({ session }) => session),
      ),
    )
  const before = new Set(losses())
  const done = await run(number, target)
  await endSessions(gateways, target.key)
  await Promise.all(bystanders.map((one) => one.round()))
  const all = bystanders.map((one) => one.waits())
  const waits = { live: 0, ready: 0, post: 0, read: 0, message: 0 }
  for (const what of Object.keys(waits) as Wait[]) waits[what] = Math.round(Math.max(...all.map((one) => one[what])))
  const memory = Math.max(...gateways.map(({ pid }) => peakOf(pid)))
  return {
    done,
    waits,
    memory,
    troubles: [...losses().filter((line) => !before.has(line)), ...bystanders.flatMap((one) => one.troubles())],
  }
}

function run(number: number, target: Target): Promise<Record<string, number>> {
  const script = fileURLToPath(new URL('attacker.ts', import.meta.url))
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, String(number), JSON.stringify(target)],
      { timeout: ATTACK_WITHIN, killSignal: 'SIGKILL' },
      (error, out, complaints) => {
        if (error) resolve({ [`fault: ${error.message.slice(0, 100)} ${complaints.slice(-1000)}`]: 1 })
        else resolve(JSON.parse(out))
      },
    )
  })
}

/** What one attack left behind is not what the next one is about. A session whose server has gone takes its time to end: that is not waited for. */
async function endSessions(gateways: readonly TestGateway[], key: string): Promise<void> {
  const [first] = gateways as [TestGateway]
  const ask = (method: string, path: string) => first.api(method, path, { key }).catch(() => undefined)
  const end = async () => {
    const listed = await ask('GET', '/sessions?limit=1000')
    const ids: string[] = listed?.body?.data?.map(({ id }: { id: string }) => id) ?? []
    await Promise.all(ids.map((id) => ask('DELETE', `/sessions/${id}`)))
  }
  await Promise.race([end(), delay(END_WITHIN)])
}

/** that all of an instance's sessions, or a bystander's, were given up, or that it ended */
function lossesOf({ logs }: TestGateway, sessions: readonly string[]): string[] {
  const isLoss = ({ event, session }: Readonly<Record<string, unknown>>) =>
    event === 'crash' || (event === 'lease.lost' && (session === undefined || sessions.includes(String(session))))
  return logs.filter(({ entry }) => entry && isLoss(entry)).map(({ line }) => line)
}

/** The kernel keeps the most that a process had at one time (proc(5), VmHWM), until it is told to begin anew. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // it has ended, which is told
  }
}

function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
  } catch {
    // none is left
    return Number.POSITIVE_INFINITY
  }
}
