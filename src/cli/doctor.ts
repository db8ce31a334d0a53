import { StanzagateProblem } from '../client/client.ts'
import { type AddCommand, everyItem, PROBLEM } from './cli.ts'
import { causeOf } from './failure.ts'

/** seconds by which clocks may differ: tickets and signatures live for 30 s and more */
const CLOCK_MAX = 10
/** ms for one look */
const LOOK_WITHIN = 10_000

interface Finding {
  check: string
  ok: boolean
  detail: string
}

export const addDoctor: AddCommand = (program, cli) => {
  program
    .command('doctor')
    .description('look at what is most often wrong: address, readiness, clock, key and sessions')
    .action(async () => {
      const found = [await gateway(), await ready(), await key(), ...(await sessions())]
      cli.table(found, [
        ['', ({ ok }) => (ok ? 'ok' : 'NOT OK')],
        ['CHECK', ({ check }) => check],
        ['FOUND', ({ detail }) => detail],
      ])
      const wrong = found.filter(({ ok }) => !ok)
      if (wrong.length > 0) program.error(`Not ok: ${wrong.map(({ check }) => check).join(', ')}`, { exitCode: PROBLEM })
    })

  const get = (path: string) => fetch(cli.url + path, { signal: AbortSignal.timeout(LOOK_WITHIN) })

  /** What a look finds; one that comes to nothing is a finding too. */
  async function look(check: string, work: () => Promise<Omit<Finding, 'check'>>): Promise<Finding> {
    try {
      return { check, ...(await work()) }
    } catch (error) {
      const code = error instanceof StanzagateProblem ? ` (${error.code})` : ''
      return { check, ok: false, detail: `${causeOf(error)}${code}` }
    }
  }

  const gateway = () =>
    look('gateway', async () => {
      const { status, headers } = await get('/health/live')
      const apart = Math.round((Date.now() - Date.parse(headers.get('date') ?? '')) / 1000)
      const isApart = Math.abs(apart) > CLOCK_MAX
      if (status !== 200) return { ok: false, detail: `${cli.url} answered ${status}` }
      return { ok: !isApart, detail: isApart ? `its clock and this one are ${Math.abs(apart)} s apart` : cli.url }
    })

  const ready = () =>
    look('ready', async () => {
      const response = await get('/health/ready')
      const { detail, checks } = (await response.json()) as { detail?: string; checks?: object }
      return { ok: response.ok, detail: detail ?? JSON.stringify(checks ?? {}) }
    })

  const key = () =>
    look('key', async () => {
      if (cli.env.STANZAGATE_KEY === undefined) return { ok: false, detail: 'STANZAGATE_KEY is not set' }
      const { tenant, session, version } = await cli.client().me.get()
      return { ok: true, detail: `${session ?? `tenant ${tenant}`}, of stanzagate ${version}` }
    })

  async function sessions(): Promise<Finding[]> {
    if (cli.env.STANZAGATE_KEY === undefined) return []
    const found = await look('sessions', async () => {
      const all = await everyItem((after) => cli.client().sessions.list({ limit: 1000, ...after }))
      const away = all
        .filter(({ state }) => state !== 'online')
        .map(({ jid, state, reason }) => `${jid} is ${state}${reason ? `: ${reason}` : ''}`)
      return { ok: away.length === 0, detail: away.join('; ') || `${all.length} online` }
    })
    return [found]
  }
}
