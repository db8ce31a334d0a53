/** When messages were sent, by the word of servers (XEP-0203, XEP-0313). */

import { foldedBare } from '../../folded-jid.ts'
import { DELAY } from '../../protocol/namespaces.ts'
import { type Element, elements } from '../../xml/element.ts'
import type { Clock } from '../ports/clock.ts'

const SECOND = 1_000
/** epoch ms: no server has anything from before 2000 */
const OLDEST = Date.UTC(2000)
/** ms that the clock of a server may be ahead */
const AHEAD = 86_400_000

/** epoch ms */
export interface Sent {
  /** at the earliest, and at the latest: some servers tell no more than seconds */
  first: number
  last: number
  /** the end of that second, the same for one that tells seconds and one that tells more */
  told: number
}

/** Undefined for a stamp that cannot be right, which decides nothing then. */
export function sentAt(stamp: string | undefined, clock: Clock): Sent | undefined {
  const first = stamp === undefined ? Number.NaN : Date.parse(stamp)
  if (!(first >= OLDEST && first <= clock.now() + AHEAD)) return undefined
  const told = Math.floor(first / SECOND) * SECOND + SECOND - 1
  return { first, last: stamp?.includes('.') ? first + 1 : told, told }
}

/** When a message that is sent late came to the own server first, or to the room; what others say of that proves nothing. */
export function lateOf(
  message: Element,
  { ownBare, room, clock }: { ownBare: string; room: string | undefined; clock: Clock },
): Sent | undefined {
  const delays = elements(message).filter(({ name, xmlns }) => name === 'delay' && xmlns === DELAY)
  if (delays.length === 0) return undefined
  const own = foldedBare(ownBare)
  const givers = [own, own.slice(own.indexOf('@') + 1), ...(room === undefined ? [] : [foldedBare(room)])]
  let earliest: Sent | undefined
  for (const { attributes } of delays) {
    if (!givers.includes(foldedBare(attributes.from ?? ''))) continue
    const sent = sentAt(attributes.stamp, clock)
    if (sent && (earliest === undefined || sent.first < earliest.first)) earliest = sent
  }
  return earliest
}
