/** Which events a webhook wants. */
import type { StoredEvent } from '../gateway/ports/event.ts'

/** what is there for a moment only: it goes to webhooks that name it */
const volatile = /^(?:presence\.|chatstate\.|room\.(?:occupant-(?:joined|left|changed)|nick-changed)$)/

/** `types` as in `/events`: names, families like `message.*`, `*` for all durable ones. `events.*` passes always. */
export function createWanted(types: readonly string[]): (event: Pick<StoredEvent, 'type'>) => boolean {
  const names = new Set(types)
  const families = types.filter((type) => type.endsWith('.*')).map((type) => type.slice(0, -1))
  const all = names.has('*')
  return ({ type }) =>
    names.has(type) || type.startsWith('events.') || (all && !volatile.test(type)) || families.some((family) => type.startsWith(family))
}
