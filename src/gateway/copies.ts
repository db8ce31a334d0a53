/**
 * One event per message, however many copies of it arrive. A way brings each message once: a stream live, its carbons, what a
 * server sends late, the archive. What one way brings twice are two messages, whatever their ids and words say (RFC 6120 section
 * 8.1.3 leaves ids to the sender). So a copy is only what came by another way than what was told, and by which it can have come:
 * with the same id by a server that we trust, else with the same author, id and content, at the same time. In doubt it is told twice.
 */
import { createHash } from 'node:crypto'
import { type Element, elements, isElement, type Node, text } from '../stanza/element.ts'
import { folded, foldedBare } from '../stanza/folded.ts'
import { isBare } from '../stanza/jid.ts'
import type { Incoming, LiveSession } from './feature.ts'
import type { Clock, Copy, CopyKey } from './ports.ts'
import { authorsId, trustedStanzaId } from './provenance.ts'
import { lateOf, sentAt } from './stamp.ts'

/** ms between when a message was sent late and when it was told before, or between two copies of our own connections, at most */
const LATE = 60_000
/** ms between the time of the archive and ours: clocks differ */
const OVERLAP = 300_000
/** what servers add to one copy and not to another, by namespace */
const added = new Set(['urn:xmpp:delay', 'jabber:x:delay', 'urn:xmpp:sid:0', 'urn:xmpp:carbons:2', 'urn:xmpp:occupant-id:0'])

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

/** What tells whether a message is a copy of one that was told. */
export function copyOf(
  { stanza, carbon, archive }: Incoming,
  { connection, stream, at, time }: Arrival,
  { record, isOwn }: Pick<LiveSession, 'record' | 'isOwn'>,
  { joined, clock }: { joined: (room: string) => string; clock: Clock },
): Copy {
  const ownBare = record.jid
  const { from, to, type = 'normal' } = stanza.attributes
  const room = type === 'groupchat' && from !== undefined ? foldedBare(from) : undefined
  const author = [from === undefined ? ownBare : folded(from), type, authorsId(stanza) ?? '']
  const given = trustedStanzaId(stanza, room === undefined ? ownBare : (from as string))
  const same = (id: string): CopyKey => ({ key: hashed([...author, words(stanza), id]), keep: true })
  const like = (more: Omit<CopyKey, 'key'>): CopyKey => ({ key: hashed([...author, content(stanza)]), ...more })
  const within = (middle: number, before: number, after: number) => ({ since: middle - before, until: middle + after })

  if (archive) {
    const way = '/archive/'
    const sent = sentAt(archive.stamp, clock)
    const times = sent === undefined ? {} : within(sent.first, OVERLAP, OVERLAP)
    const ids = [archive.id, ...(room === undefined || given === undefined ? [] : [given])].filter((id) => id !== '')
    const keys = [...ids.map(same), like({ keep: true, match: { unless: way, ...times } })]
    return { way, at: archive.id === '' ? at : `@${short(archive.id)}`, time: sent?.told ?? time, keys }
  }
  const sameAs = given === undefined ? [] : [same(given)]
  const keep = given === undefined
  if (carbon) {
    // its original comes in too where it is for another one of ours
    const other = carbon === 'received' && to !== undefined && !isBare(to) && isOwn(to) ? short(folded(to)) : ''
    const match = other === '' ? {} : { match: { unless: '/carbon/', by: `/live/${other}/`, ...within(time, LATE, LATE) } }
    const keys = keep ? [like({ keep, ...match })] : sameAs
    return { way: `/carbon/${other}/${stream}/`, at, time, keys }
  }
  const late = lateOf(stanza, { ownBare, room, clock })
  if (late) {
    const join = room === undefined ? '' : joined(room)
    const way = `/late/${join}/${stream}/`
    // a stream sends late what another one did not get; the words of a room are sent again with each join
    const match =
      room === undefined
        ? { unless: `/${stream}/`, since: late.last, until: late.last + LATE }
        : { unless: way, since: late.first, until: late.last + LATE }
    return { way, at, time: late.told, keys: [...sameAs, like({ keep, match })] }
  }
  const own = connection > 0 && to !== undefined ? short(folded(to)) : ''
  const match = own === '' ? {} : { match: { unless: '/live/', by: `/carbon/${own}/`, ...within(time, LATE, LATE) } }
  return { way: `/live/${own}/${stream}/`, at, time, keys: keep ? [like({ keep, ...match })] : sameAs }
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

function plainly(node: Node): Plain {
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
