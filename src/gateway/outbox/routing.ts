import { createHash } from 'node:crypto'

/**
 * Which connection of the pool takes a message: by hash of the bare addressee over those that can, so that each
 * conversation keeps its order. `pinned` is the connection that still has unacknowledged ones for the addressee.
 */
export function connectionFor(
  to: string,
  { usable, pinned, primaryOnly }: { usable: readonly number[]; pinned: number | undefined; primaryOnly: boolean },
): number | undefined {
  const fixed = pinned ?? (primaryOnly ? 0 : undefined)
  if (fixed !== undefined) return usable.includes(fixed) ? fixed : undefined
  if (usable.length <= 1) return usable[0]
  // rendezvous hashing: when a connection comes or goes, only its own conversations move
  const weight = (index: number) => createHash('sha1').update(`${index} ${to}`).digest().readUIntBE(0, 6)
  return usable.map((index) => ({ index, weight: weight(index) })).reduce((best, next) => (next.weight > best.weight ? next : best)).index
}
