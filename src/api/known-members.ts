import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'

/** characters of a name that is compared with others: the cost grows with its square */
const COMPARED = 64
/** letters that may be wrong in a name that somebody meant, as a part of them */
const MISSPELT = 0.5

/** Why a name is refused that is none of those that are known: which was meant, and which there are. */
export function notKnown(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is not known'
  const meant = name.length <= COMPARED ? nearest(name, known) : undefined
  return `is not known.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`} Known: ${known.join(', ')}`
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const found = closest(name, known)
  return distance(name, found) <= Math.max(1, found.length * MISSPELT) ? found : undefined
}

/** Names of the members that a schema has at a path; of a union those of all its objects, each once. */
export function knownMembers(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return [...new Set(membersAt(schema, path))]
}

function membersAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const [key, ...rest] = path
  switch (def.type) {
    case 'object': {
      if (key === undefined) return Object.keys(def.shape)
      const member = Object.hasOwn(def.shape, key) ? def.shape[key as string] : undefined
      return member === undefined ? [] : membersAt(member, rest)
    }
    case 'array':
      return key === undefined ? [] : membersAt(def.element, rest)
    case 'record':
      return key === undefined ? [] : membersAt(def.valueType, rest)
    case 'union':
      return def.options.flatMap((option) => membersAt(option, path))
    case 'intersection':
      return [def.left, def.right].flatMap((side) => membersAt(side, path))
    case 'lazy':
      return membersAt(def.getter(), path)
    case 'pipe':
      return membersAt(def.in, path)
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return membersAt(def.innerType, path)
    default:
      return []
  }
}
