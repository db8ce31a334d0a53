/** Judges a history: nothing lost, nothing twice under another id, nothing out of order, nothing left untold. */
import { bodyOf, dueToHook, type History, type Hooked, isDurable, isFailure, type Numbered, type Sighting, type Wrong } from './history.ts'

export interface Verdict {
  /** taken over: by the gateway from its callers, by the server from the peers */
  accepted: number
  /** of those: seen at the other end */
  delivered: number
  /** seen again under the same id, which whoever sees it can tell */
  duplicates: number
  /** given up by the gateway, which said so */
  failed: number
  /** events that the webhook was sent, and how often one of them again */
  hooked: number
  hookedAgain: number
  /** answers that no fault explains */
  wrong: number
  /** the server has them in the archive of the account, and nowhere else: it died between the two */
  lostByServer: number
  /** ms between two deliveries, at most */
  longestGap: number
  /** what must never be, in words; empty when all is well */
  violations: string[]
}

/**
 * `disorderly`: a server that sends a session what it held while that was away after what came since, as ejabberd does: what comes in
 * can have no other order than its own.
 */
export function check(history: History, { disorderly = false } = {}): Verdict {
  const { accepted, wrong, arrived, held, kept, told, log, hooked = [] } = history
  const received = told.flatMap(({ type, id = '', message, at }) =>
    type === 'message.received' && message ? [{ ...message, id, at }] : [],
  )
  const failed = new Map(told.filter(({ type }) => isFailure(type)).map(({ id, why }) => [id, why]))
  const settled = new Set(told.filter(({ type }) => type === 'message.acked' || isFailure(type)).map(({ id }) => id))
  const there = new Set(arrived.map(({ id }) => id))
  const here = new Set(received.map(bodyOf))
  const live = arrived.filter(({ source }) => source === 'live')
  const archived = arrived.filter(({ source }) => source === 'archive')
  const promised = unique(held)
  const missing = accepted.filter(({ id }) => !there.has(id) && !failed.has(id))

  const violations = [
    ...missing.filter(({ id }) => !kept.has(id)).map(named('I1, accepted and lost')),
    // of chats no fault is an excuse: their fate is found out, or they go again
    ...accepted.filter(({ id }) => failed.has(id)).map((message) => named(`I1, failed with ${failed.get(message.id)}`)(message)),
    ...accepted.filter(({ id }) => !settled.has(id)).map(named('I1, what became of it was never told')),
    ...otherIds([...accepted, ...arrived]).map(named('I2, one message under two ids')),
    ...otherIds([...held, ...received]).map(named('I2, one message under two ids')),
    ...otherContents([...accepted, ...arrived]).map(named('I2, one id with two contents')),
    ...promised.filter((message) => !here.has(bodyOf(message))).map(named('I3, at the server and not in the log')),
    ...(disorderly ? [] : disorder(received)).map(named('I4, told out of order')),
    ...disorder(archived).map(named('I4, out of order in the archive of the peer')),
    ...disorder(live).map(named('I4, arrived out of order')),
    ...wrong.map(notExplained),
    ...untrueLog(
      told.filter(({ type }) => isDurable(type)).map(({ cursor }) => cursor),
      log,
    ),
    ...untrueHook(dueToHook(history), hooked),
  ]
  return {
    accepted: accepted.length + promised.length,
    delivered: accepted.filter(({ id }) => there.has(id)).length + promised.filter((message) => here.has(bodyOf(message))).length,
    duplicates: Math.max(repeats(live), repeats(archived)) + repeats(received),
    failed: failed.size,
    hooked: new Set(hooked.map(({ id }) => id)).size,
    hookedAgain: repeats(hooked),
    wrong: wrong.length,
    lostByServer: missing.filter(({ id }) => kept.has(id)).length,
    longestGap: longestGap([...live, ...received].map(({ at }) => at)),
    violations,
  }
}

/** Judges what was said in a room, by what somebody else who was in it has in the log: each message at least once, and in order. */
export function checkRoom({ accepted, wrong, told }: History): Verdict {
  const heard = told.flatMap(({ type, id = '', message, at }) => (type === 'message.received' && message ? [{ ...message, id, at }] : []))
  const known = new Set(heard.map(bodyOf))
  return {
    accepted: accepted.length,
    delivered: accepted.filter((message) => known.has(bodyOf(message))).length,
    duplicates: repeats(heard),
    failed: 0,
    hooked: 0,
    hookedAgain: 0,
    wrong: wrong.length,
    lostByServer: 0,
    longestGap: longestGap(heard.map(({ at }) => at)),
    violations: [
      ...accepted.filter((message) => !known.has(bodyOf(message))).map(named('I1, accepted and lost in a room')),
      ...otherIds([...accepted, ...heard]).map(named('I2, one message in a room under two ids')),
      ...disorder(heard).map(named('I4, heard out of order in a room')),
      ...wrong.map(notExplained),
    ],
  }
}

const notExplained = (one: Wrong) => `HTTP, ${one.what}: ${bodyOf(one)} (${seconds(one.at)})`

const named =
  (what: string) =>
  (message: Sighting): string =>
    `${what}: ${bodyOf(message)} (${message.id}, ${seconds(message.at)})`

/** of monotonic ms */
export const seconds = (at: number) => `${(at / 1000).toFixed(1)} s`

function unique(sightings: readonly Sighting[]): Sighting[] {
  return [...new Map(sightings.toReversed().map((sighting) => [bodyOf(sighting), sighting])).values()]
}

const repeats = (sightings: readonly { id: string }[]) => sightings.length - new Set(sightings.map(({ id }) => id)).size

function otherIds(sightings: readonly Sighting[]): Sighting[] {
  const first = new Map<string, string>()
  return sightings.filter((sighting) => {
    const known = first.get(bodyOf(sighting))
    if (known === undefined) first.set(bodyOf(sighting), sighting.id)
    return known !== undefined && known !== sighting.id
  })
}

function otherContents(sightings: readonly Sighting[]): Sighting[] {
  const first = new Map<string, string>()
  return sightings.filter((sighting) => {
    const known = first.get(sighting.id)
    if (known === undefined) first.set(sighting.id, bodyOf(sighting))
    return known !== undefined && known !== bodyOf(sighting)
  })
}

/** Those that came after a later one of their conversation; a repetition of what was seen before is none. */
function disorder(sightings: readonly Sighting[]): Sighting[] {
  const seen = new Set<string>()
  const last = new Map<string, number>()
  return sightings.filter((sighting) => {
    const { conversation, number }: Numbered = sighting
    if (seen.has(bodyOf(sighting))) return false
    seen.add(bodyOf(sighting))
    const before = last.get(conversation) ?? 0
    last.set(conversation, Math.max(before, number))
    return number < before
  })
}

/** A consumer that came back by its cursor has read each event of the log once, in its order. */
function untrueLog(read: readonly string[], log: readonly string[]): string[] {
  const at = read.slice(0, log.length).findIndex((cursor, index) => cursor !== log[index])
  if (at !== -1) return [`the consumer read ${read[at]} where the log has ${log[at] ?? 'nothing'} (place ${at})`]
  return read.length < log.length ? [`the consumer never read ${log[read.length]} (place ${read.length} of ${log.length})`] : []
}

/** A webhook was sent each event at least once, under its id, and each for the first time in the order of the log. */
function untrueHook(due: readonly string[], hooked: readonly Hooked[]): string[] {
  const place = new Map(due.map((cursor, index) => [cursor, index]))
  const sent = new Set<string>()
  const firsts = hooked.filter(({ id }) => !sent.has(id) && sent.add(id))
  const known = firsts.filter(({ id }) => place.has(id))
  const late = known.filter(({ id }, index) => place.get(id)! < place.get(known[index - 1]?.id ?? id)!)
  const about = ({ id, at }: Hooked) => `${id} (${seconds(at)})`
  return [
    ...due.filter((cursor) => !sent.has(cursor)).map((cursor) => `I3, in the log and never sent to the webhook: ${cursor}`),
    ...late.map((one) => `I4, sent to the webhook out of order: ${about(one)}`),
    ...hooked.filter(({ id, event }) => id !== event).map((one) => `I2, sent to the webhook under another id: ${about(one)}`),
    ...firsts.filter(({ id }) => !place.has(id)).map((one) => `sent to the webhook and not in the log: ${about(one)}`),
  ]
}

function longestGap(times: number[]): number {
  times.sort((a, b) => a - b)
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)
}
