/** What is probably not what the operator meant, though it can be started with. */

export interface Hint {
  variable: string
  message: string
}

type Variables = Readonly<Record<string, string | undefined>>

const PREFIX = 'STANZAGATE_'
/** of the command line and its client */
const elsewhere: readonly string[] = ['STANZAGATE_URL', 'STANZAGATE_KEY', 'STANZAGATE_SESSION']
/** beginnings that nobody else gives to variables */
const families: readonly string[] = ['XMPP_', 'EVENT_LOG_', 'STANZA_', 'SLOW_READER_', 'CREDENTIALS_', 'RATE_LIMIT_', 'JWT_']
/** what Kubernetes and Docker make of the names of services */
const ofService = /_(?:SERVICE_(?:HOST|PORT)(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?|NAME|ENV_\w+)$/
/** letters that a name may have wrong, of how many that it has */
const WRONG_MAX = 2
const LETTERS_EACH = 5
/** longer names are no slip of the pen */
const LENGTH_MAX = 40

/** Variables that are set and not read, and whose names are near to those of some that are. */
export function misspelt(variables: Variables, known: readonly string[]): Hint[] {
  return Object.keys(variables).flatMap((variable) => {
    if (known.includes(variable) || elsewhere.includes(variable) || variable.length > LENGTH_MAX) return []
    const isOurs = variable.toUpperCase().startsWith(PREFIX) && !isOfService(variable, variables)
    const meant = nearest(isOurs ? variable.slice(PREFIX.length) : variable, known)
    if (meant !== undefined) return [{ variable, message: `${variable} is not read: did you mean ${meant}?` }]
    if (isOurs || families.some((family) => variable.startsWith(family))) return [{ variable, message: `${variable} is not read` }]
    return []
  })
}

/** Values that contradict each other, or are of no use together. */
export function contradictions(variables: Variables, { bodyLimit, stanzaLimit }: { bodyLimit: number; stanzaLimit: number }): Hint[] {
  const { REDIS_URL, REDIS_WAIT_REPLICAS, CREDENTIALS_KEY, XMPP_PLAINTEXT_HOSTS = '', XMPP_PRIVATE_HOSTS = '' } = variables
  const hints: Hint[] = []
  const hint = (variable: string, message: string) => void hints.push({ variable, message: `${variable} ${message}` })
  if (REDIS_URL === undefined) {
    const unread = Object.keys(variables).find((name) => /^REDIS_(?:HOST|HOSTNAME|ADDR|ADDRESS|DSN|SERVER|PASSWORD)$/.test(name))
    if (unread !== undefined) hint(unread, 'is not read: did you mean REDIS_URL? The store is in memory without it')
    if (REDIS_WAIT_REPLICAS !== undefined) hint('REDIS_WAIT_REPLICAS', 'has no use without REDIS_URL')
    if (CREDENTIALS_KEY !== undefined) hint('CREDENTIALS_KEY', 'has no use without REDIS_URL: nothing is kept')
  }
  if (bodyLimit < stanzaLimit) hint('BODY_LIMIT', `is less than STANZA_LIMIT (${stanzaLimit} bytes): callers cannot send what that allows`)
  const privates = hostsOf(XMPP_PRIVATE_HOSTS)
  for (const host of hostsOf(XMPP_PLAINTEXT_HOSTS))
    if (!privates.includes(host)) hint('XMPP_PLAINTEXT_HOSTS', `names ${host}, which is dialled only if XMPP_PRIVATE_HOSTS names it too`)
  return hints
}

const hostsOf = (list: string) =>
  list
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '')

/** A service of that name, not a variable for us. */
function isOfService(variable: string, variables: Variables): boolean {
  return ofService.test(variable) && (variable !== `${PREFIX}PORT` || variables[variable]?.startsWith('tcp://') === true)
}

/** The known name that is meant; undefined where none is near enough. */
function nearest(variable: string, known: readonly string[]): string | undefined {
  const letters = lettersOf(variable)
  const near = known
    .map((name) => ({
      name,
      wrong: distance(letters, lettersOf(name)),
      most: Math.min(WRONG_MAX, Math.ceil(lettersOf(name).length / LETTERS_EACH)),
    }))
    .filter(({ wrong, most }) => wrong <= most)
    .sort((one, other) => one.wrong - other.wrong)
  return near[0]?.name
}

/** without what is easily mistaken: the case, and what stands between words */
const lettersOf = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, '')

/** Letters that are added, missing, others or exchanged with their neighbour (the optimal string alignment distance). */
function distance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line]
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[line - 1] === other[column - 1]
      const isTurned = line > 1 && column > 1 && one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1]
      const ways = [at(row, column) + 1, at(next, column - 1) + 1, at(row, column - 1) + (isSame ? 0 : 1)]
      next.push(Math.min(...ways, ...(isTurned ? [at(before, column - 2) + 1] : [])))
    }
    before = row
    row = next
  }
  return at(row, other.length)
}

const at = (row: readonly number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY
