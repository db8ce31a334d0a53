/** What a presence of a room says (XEP-0045 sections 7 and 15.6). */
import { MUC_USER } from '../../protocol/namespaces.ts'
import { child, childText, type Element, elements } from '../../xml/element.ts'
import { type Affiliation, affiliations, type LeftReason, type Role, roles } from '../room-state.ts'

export interface Told {
  codes: ReadonlySet<string>
  role: Role
  affiliation: Affiliation
  /** real JID */
  jid?: string
  /** new nick, of a change */
  nick?: string
  by?: string
  text?: string
  destroyed?: { alternate?: string; text?: string }
}

/** The last one is the room's: what an occupant put into its own presence stands before it. */
const said = (stanza: Element) => elements(stanza).findLast(({ name, xmlns }) => name === 'x' && xmlns === MUC_USER)

export function readTold(presence: Element): Told {
  const x = said(presence)
  const item = x && child(x, 'item')
  const destroy = x && child(x, 'destroy')
  const actor = item && child(item, 'actor')
  const by = actor?.attributes.nick ?? actor?.attributes.jid
  const text = item && childText(item, 'reason')
  const { jid, nick, role, affiliation } = item?.attributes ?? {}
  return {
    codes: new Set(x && elements(x).flatMap(({ name, attributes }) => (name === 'status' ? [attributes.code ?? ''] : []))),
    role: roles.find((one) => one === role) ?? 'none',
    affiliation: affiliations.find((one) => one === affiliation) ?? 'none',
    ...(jid !== undefined && { jid }),
    ...(nick !== undefined && { nick }),
    ...(by !== undefined && { by }),
    ...(text && { text }),
    ...(destroy && { destroyed: destroyedOf(destroy) }),
  }
}

function destroyedOf(destroy: Element): NonNullable<Told['destroyed']> {
  const text = childText(destroy, 'reason')
  const { jid: alternate } = destroy.attributes
  return { ...(alternate && { alternate }), ...(text && { text }) }
}

/** in this order: with 333 a 307 stands too (section 11.1) */
const reasons: readonly [code: string, reason: LeftReason][] = [
  ['333', 'lost'],
  ['332', 'shutdown'],
  ['301', 'banned'],
  ['307', 'kicked'],
  ['321', 'affiliation'],
  ['322', 'members-only'],
]

/** Why somebody is not in the room any more; undefined where nothing says so. */
export function reasonOf({ codes, destroyed }: Told): LeftReason | undefined {
  return reasons.find(([code]) => codes.has(code))?.[1] ?? (destroyed ? 'destroyed' : undefined)
}
