import { z } from 'zod'
import { FAULTS_MAX } from '../errors/problem.ts'

// JSON has no cycles: to look for them costs an entry in a weak map for each value, which is most of what a large body costs
z.config({ memoizer: { alloc: (_schema, _payload, empty) => empty, attach: () => undefined, guard: () => undefined } })

/**
 * Arrays of what callers send. As `z.array`, but the elements after the first faults are not looked at: else each of half a million
 * wrong ones costs an issue of some hundred bytes, in a union several.
 */
export function list<T>(element: z.ZodType<T>): z.ZodArray<z.ZodType<T>> {
  return new List({ type: 'array', element }) as z.ZodArray<z.ZodType<T>>
}

const List = z.core.$constructor<z.ZodArray>('List', (schema, definition) => {
  z.ZodArray.init(schema, definition)
  const { _zod: internals } = schema
  const whole = internals.parse
  const longest = Math.min(...z.core.util.sizeCaps(definition.checks).map(([most]) => most))
  internals.parse = (payload, context) => {
    const { value: given } = payload
    // one that is too long is refused before its elements are looked at
    if (!Array.isArray(given) || given.length <= FAULTS_MAX || given.length > longest) return whole(payload, context)
    const read = new Array(given.length)
    payload.value = read
    let faults = 0
    for (const [index, value] of given.entries()) {
      const result = internals.def.element._zod.run({ value, issues: [] }, context) as z.core.ParsePayload
      read[index] = result.value
      if (result.issues.length === 0) continue
      for (const issue of z.core.util.prefixIssues(index, result.issues)) payload.issues.push(issue)
      faults += countOf(result.issues as Issue[])
      if (faults >= FAULTS_MAX) break
    }
    return payload
  }
})

/** A union has one issue for all that is wrong with each of its branches; what is told is of one of them. */
function countOf(issues: readonly Issue[]): number {
  let count = 0
  for (const { errors = [] } of issues) count += Math.max(1, ...errors.map(countOf))
  return count
}

interface Issue {
  errors?: Issue[][]
}
