import type { z } from 'zod'
import { Problem } from '../errors.ts'

type Part = 'params' | 'query' | 'body'
type Fault = { path: string; message: string }

/** Parses one part of a request; answers the value or what is wrong with it. */
export function check(schema: z.ZodType, part: Part, value: unknown): { value: unknown; faults: Fault[] } {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data, faults: [] }
  return { value: undefined, faults: result.error.issues.flatMap((issue) => faultsOf(issue, [part], value)) }
}

export function refuse(faults: readonly Fault[]): Problem {
  const [first] = faults
  const detail = first === undefined ? 'The request is not valid.' : `${first.path}: ${first.message}`
  return new Problem('invalid-request', detail, { errors: faults.slice(0, MAX_FAULTS) })
}

/** more faults than this are not listed */
const MAX_FAULTS = 50

function faultsOf(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[], value: unknown): Fault[] {
  const path = [...prefix, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: join([...path, key]), message: 'is not known' }))
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // the branch that got furthest is the one that was meant
    const meant = issue.errors.toSorted((one, other) => depthOf(other) - depthOf(one) || one.length - other.length)[0]
    return (meant ?? []).flatMap((inner) => faultsOf(inner, path, at(value, issue.path)))
  }
  if (issue.code === 'invalid_type' && at(value, issue.path) === undefined) return [{ path: join(path), message: 'is required' }]
  return [{ path: join(path), message: issue.message }]
}

const depthOf = (issues: readonly z.core.$ZodIssue[]) => Math.max(...issues.map((issue) => issue.path.length))

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  return found
}

const join = (path: readonly PropertyKey[]) => path.map((key) => String(key).slice(0, 100)).join('.')
