import { folded, foldedBare } from '../folded-jid.ts'
import type { StoredEvent } from '../gateway/ports/event.ts'

export type Filter = (event: Pick<StoredEvent, 'type' | 'data'>) => boolean

/**
 * `types`: names or families like `presence.*`; `jids`: those that the event is from, to or about, in whatever spelling, a bare one
 * standing for all its resources. Empty lists let everything through, and `events.*` passes always.
 */
export function createFilter({ types, jids }: { types: readonly string[]; jids: readonly string[] }): Filter | undefined {
  if (types.length === 0 && jids.length === 0) return undefined
  const names = new Set(types.filter((type) => !type.endsWith('*')))
  const families = types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1))
  const addresses = new Set(jids.map(folded))
  const isWanted = (type: string) => types.length === 0 || names.has(type) || families.some((family) => type.startsWith(family))
  const isAbout = (data: unknown) =>
    jids.length === 0 || jidsOf(data).some((one) => addresses.has(folded(one)) || addresses.has(foldedBare(one)))
  return ({ type, data }) => type.startsWith('events.') || (isWanted(type) && isAbout(data))
}

/** data is a stanza (from, to), the record of a message (to), a contact or a session (jid) */
function jidsOf(data: unknown): string[] {
  const { from, to, jid } = (data ?? {}) as Record<string, unknown>
  return [from, to, jid].filter((one) => typeof one === 'string')
}
