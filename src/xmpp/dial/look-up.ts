import { lookup, Resolver } from 'node:dns/promises'
import { readFileSync, statSync } from 'node:fs'
import type { Places } from '../../fair/places.ts'
import type { Resolve } from '../../net/address.ts'
import { unlessAborted } from '../unless-aborted.ts'

/** ms for the first try of a question, and tries: together less than one look-up may take */
const QUESTION = 1_500
const TRIES = 2

/**
 * The addresses of a host. Names that callers bring are asked for over DNS, which takes no thread, however long a name server of theirs
 * is silent. What the operator has named, here or in the hosts file, and what DNS does not know, the system looks up (search domains and
 * the like), each in its place: it takes a thread, as long as that lasts.
 */
export function createLookUps({
  places,
  named,
  hostsFile = '/etc/hosts',
  questions = dnsQuestions(),
  system = systemLookUp,
}: {
  places: Places
  /** hosts that the operator has named */
  named: ReadonlySet<string>
  /** its path; what is in it goes before DNS, as everywhere (hosts(5)) */
  hostsFile?: string
  questions?: readonly Resolve[]
  system?: Resolve
}): (tenant: string, signal: AbortSignal) => Resolve {
  const isListed = createHosts(hostsFile)

  async function bySystem(host: string, tenant: string, signal: AbortSignal): Promise<readonly string[]> {
    const leave = await places.take(tenant, signal)
    // the thread is not free before the system has answered, whoever still waits for it
    return await unlessAborted(signal, system(host).finally(leave))
  }

  return (tenant, signal) => async (host) => {
    if (named.has(host) || isListed(host)) return await bySystem(host, tenant, signal)
    const answers = await unlessAborted(signal, Promise.allSettled(questions.map((ask) => ask(host))))
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return found
    // nor would the system hear from a name server that is silent
    for (const answer of answers) if (answer.status === 'rejected' && answer.reason?.code === 'ETIMEOUT') throw answer.reason
    return await bySystem(host, tenant, signal)
  }
}

/** Is a name in the file? It is read again when it has changed; there need not be one. */
function createHosts(path: string): (host: string) => boolean {
  let names = new Set<string>()
  let changedAt: number | undefined
  return (host) => {
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (mtimeMs !== changedAt) {
      const lines = mtimeMs === undefined ? [] : readFileSync(path, 'utf8').split('\n')
      names = new Set(lines.flatMap((line) => line.replace(/#.*/, '').toLowerCase().trim().split(/\s+/).slice(1)))
      changedAt = mtimeMs
    }
    return names.has(host.toLowerCase())
  }
}

function dnsQuestions(): Resolve[] {
  const resolver = new Resolver({ timeout: QUESTION, tries: TRIES })
  return [(host) => resolver.resolve4(host), (host) => resolver.resolve6(host)]
}

async function systemLookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}
