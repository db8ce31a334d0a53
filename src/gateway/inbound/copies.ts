/**
 * One event per message, however many copies of it arrive. A way brings each message once: a stream live, its carbons, what a
 * server sends late, the archive. What one way brings twice are two messages, whatever their ids and words say (RFC 6120 section
 * 8.1.3 leaves ids to the sender). So a copy is only what came by another way than what was told, and by which it can have come:
 * with the same id by a server that we trust, else with the same author, id and content, at the same time. In doubt it is told twice.
 */
import { createHash } from 'node:crypto'
import { folded } from '../../folded-jid.ts'
import { accountOf, isBare } from '../../jid.ts'
import { CARBONS, DELAY, OCCUPANT_ID, OLD_DELAY, STANZA_ID } from '../../protocol/namespaces.ts'
import { type Element, elements, isElement, type Node, text } from '../../xml/element.ts'
import type { Incoming } from '../contract/feature.ts'
import { joined } from '../contract/roster-and-presence.ts'
import type { LiveSession } from '../contract/session.ts'
import type { Clock } from '../ports/clock.ts'
import type { Copy, CopyKey } from '../ports/event.ts'
import { authorsId, trustedStanzaId } from './provenance.ts'
import { lateOf, sentAt } from './stamp.ts'

/** ms between when a message was sent late and when it was told before, or between two copies of our own connections, at most */
const LATE = 60_000
/** ms between the time of the archive and ours: clocks differ */
const OVERLAP = 300_000
/** what servers add to one copy and not to another, by namespace */
const added = new Set([DELAY, OLD_DELAY, STANZA_ID, CARBONS, OCCUPANT_ID])

/** Where a stanza came in. */
export interface Arrival {
  /** index of the connection */
  connection: number
  /** of the stream, the same after a resume */
  stream: string
  /** of the stanza: no other one has it */
  at: string
  /** epoch ms */
  time: number
}

export interface CopyContext extends Pick<LiveSession, 'record' | 'isOwn'> {
  /** of a component: what is for another address is no copy */
  address?: string
  /** which time the session joined a room */
  joined: (room: string) => string
  clock: Clock
}

export function copyContext({ session, clock }: { session: LiveSession; clock: Clock }): CopyContext {
  const { record, state, address } = session
  return {
    ...(address !== undefined && { address }),
    record,
    isOwn: (jid) => session.isOwn(jid),
    clock,
    joined: (room) => String(joined(state, room)?.at ?? ''),
  }
}

/** What tells whether a message is a copy of one that was told. */
export function copyOf(incoming: Incoming, arrival: Arrival, context: CopyContext): Copy {
  const { stanza, archive } = incoming
  const { from, type = 'normal' } = stanza.attributes
  const own = context.record.jid
  const room = type === 'groupchat' && from !== undefined ? accountOf(from) : undefined
  const { like, ...how } = howItCame(incoming, arrival, { ...context, room })
  const author = [from === undefined ? own : folded(from), type, authorsId(stanza) ?? '', ...whose(context)]
  const ids = [trustedStanzaId(stanza, room ?? own), archive?.id].filter((id) => id !== undefined && id !== '') as string[]
  const known = ids.map((id) => ({ key: hashed([...author, words(stanza), id]), keep: true, match: { unless: how.way } }))
  // what has an id is looked for without one only where it may have been told without
  if (ids.length > 0 && !archive && !how.late) return { ...how, keys: known }
  const keep = ids.length === 0 || archive !== undefined
  return { ...how, keys: [...known, { key: hashed([...author, content(stanza)]), keep, ...(like && { match: like }) }] }
}

/** The same of one that nobody looks into, by a print of it: what it is a copy of was not looked into either. */
export function copyOfPrint(print: string, incoming: Incoming, arrival: Arrival, context: CopyContext): Copy {
  const { from, type } = incoming.stanza.attributes
  const room = type === 'groupchat' && from !== undefined ? accountOf(from) : undefined
  const { like, ...how } = howItCame(incoming, arrival, { ...context, room })
  return { ...how, keys: [{ key: hashed(['print', print, ...whose(context)]), keep: true, ...(like && { match: like }) }] }
}

const whose = ({ address }: CopyContext) => (address === undefined ? [] : [address])

interface How extends Pick<Copy, 'way' | 'at' | 'time'> {
  late?: true
  /** what was told without an id and may be the original */
  like?: CopyKey['match']
}

function howItCame(
  { stanza, carbon, archive }: Incoming,
  { connection, stream, at, time }: Arrival,
  { record, isOwn, joined, clock, room, address = '' }: CopyContext & { room: string | undefined },
): How {
  const { to } = stanza.attributes
  if (archive) {
    const way = '/archive/'
    const sent = sentAt(archive.stamp, clock)
    const times = sent && { since: sent.first - OVERLAP, until: sent.first + OVERLAP }
    return {
      way,
      at: archive.id === '' ? at : `@${short(address + archive.id)}`,
      time: sent?.told ?? time,
      like: { unless: way, ...times },
    }
  }
  const times = { since: time - LATE, until: time + LATE }
  if (carbon) {
    // where it is for another connection of ours, its original comes too
    const other = carbon === 'received' && to !== undefined && !isBare(to) && isOwn(to) ? short(folded(to)) : ''
    const way = `/carbon/${other}/${stream}/`
    return other === '' ? { way, at, time } : { way, at, time, like: { unless: '/carbon/', by: `/live/${other}/`, ...times } }
  }
  const sent = lateOf(stanza, { ownBare: record.jid, room, clock })
  if (sent) {
    const way = `/late/${room === undefined ? '' : joined(room)}/${stream}/`
    // a stream sends late what another one did not get; the words of a room come again with each join
    const like = room === undefined ? { unless: `/${stream}/`, since: sent.last } : { unless: way, since: sent.first }
    return { way, at, time: sent.told, late: true, like: { ...like, until: sent.last + LATE } }
  }
  if (connection === 0 || to === undefined) return { way: `/live//${stream}/`, at, time }
  const here = short(folded(to))
  return { way: `/live/${here}/${stream}/`, at, time, like: { unless: '/live/', by: `/carbon/${here}/`, ...times } }
}

/** The same for another event that the stanza makes. */
export function ofEvent(copy: Copy, place: number): Copy {
  return { ...copy, keys: copy.keys.map((one) => ({ ...one, key: `${one.key} ${place}` })) }
}

// ---------------------------------------------------------------- what a message says

function words(message: Element): string {
  const said = elements(message).filter(({ name, xmlns }) => xmlns === message.xmlns && (name === 'body' || name === 'subject'))
  return said.map(text).join('\0')
}

/** All that its author put into it. */
function content(message: Element): string {
  return JSON.stringify(message.children.filter((node) => !isElement(node) || !added.has(node.xmlns)).map(plainly))
}

type Plain = string | readonly unknown[]

/** The same of nodes that say the same: servers write attributes in any order. */
export function plainly(node: Node): Plain {
  if (!isElement(node)) return node
  const { name, xmlns, attributes, children } = node
  return [name, xmlns, Object.entries(attributes).sort(byName), children.map(plainly)]
}

const byName = ([one]: [string, string], [other]: [string, string]) => (one < other ? -1 : 1)

function hashed(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/** Stands for an address or an id in the name of a way. */
export function short(text: string): string {
  return hashed([text]).slice(0, 12)
}
