import type { z } from 'zod'
import { FAULTS_MAX, type Fault, Problem } from '../errors/problem.ts'
import { knownMembers, notKnown } from './known-members.ts'

type Part = 'params' | 'query' | 'body'

/** what is said of a member that is not there, of whatever kind it is to be */
const TYPES_AND_CHOICES = ['invalid_type', 'invalid_value']

/** Parses one part of a request; answers the value or the first things that are wrong with it. */
export function check(schema: z.ZodType, part: Part, value: unknown): { value: unknown; faults: Fault[] } {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data, faults: [] }
  const faults: Fault[] = []
  for (const fault of faultsOf(result.error.issues, [part], value, schema)) if (faults.push(fault) === FAULTS_MAX) break
  return { value: undefined, faults }
}

export function refuse(faults: readonly Fault[]): Problem {
  const [first] = faults
  const detail = first === undefined ? 'The request is not valid.' : `${first.path}: ${first.message}`
  return new Problem('invalid-request', detail, { errors: faults.slice(0, FAULTS_MAX) })
}

function* faultsOf(
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[],
  value: unknown,
  schema: z.core.$ZodType,
): Generator<Fault> {
  for (const issue of issues) {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) yield { path: join([...path, key]), message: notKnown(key, knownMembers(schema, path.slice(1))) }
    else if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      // the branch that got furthest is the one that was meant
      const [meant = []] = issue.errors.toSorted((one, other) => depthOf(other) - depthOf(one) || one.length - other.length)
      yield* faultsOf(meant, path, at(value, issue.path), schema)
    } else if (TYPES_AND_CHOICES.includes(issue.code) && at(value, issue.path) === undefined)
      yield { path: join(path), message: 'is required' }
    else yield { path: join(path), message: issue.message }
  }
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  let deepest = 0
  for (const { path } of issues) deepest = Math.max(deepest, path.length)
  return deepest
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  return found
}

const join = (path: readonly PropertyKey[]) => path.map((key) => String(key).slice(0, 100)).join('.')
