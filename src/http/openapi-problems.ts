/** The problems of the OpenAPI document: one response for each set of codes with one status, whichever operations may answer it. */
import { problemsOf } from '../api/declared.ts'
import { PROBLEM_TYPE, ProblemSchema } from '../api/problem.ts'
import { describe, type ProblemCode, stanzaErrorCodes } from '../errors/catalogue.ts'
import type { Operation } from '../gateway/contract/operation.ts'

type Described = Omit<Operation, 'run'>

/** By status, what an operation refers to. */
export function problemReferences(operation: Described): Record<number, object> {
  return Object.fromEntries(
    problemSets(operation).map(({ status, codes }) => [status, { $ref: `#/components/responses/${nameOf(status, codes)}` }]),
  )
}

/** By name, what all operations refer to. */
export function problemResponses(operations: readonly Described[]): Record<string, object> {
  const sets = operations.flatMap(problemSets).map(({ status, codes }) => [nameOf(status, codes), problemResponse(status, codes)] as const)
  return Object.fromEntries(sets.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function problemSets(operation: Described) {
  const byStatus = Map.groupBy([...problemsOf(operation)].sort(), statusOf)
  return [...byStatus].map(([status, codes]) => ({ status, codes }))
}

/** `Problem403ScopeMissingXmpp`: the codes, those of stanza errors in one word where all that have the status are there */
function nameOf(status: number, codes: readonly ProblemCode[]): string {
  const ofStanzas: readonly ProblemCode[] = stanzaErrorCodes.filter((code) => statusOf(code) === status)
  const hasAll = ofStanzas.length > 1 && ofStanzas.every((code) => codes.includes(code))
  const named = hasAll ? [...codes.filter((code) => !ofStanzas.includes(code)), 'xmpp'] : codes
  return `Problem${status}${named.map(pascal).join('')}`
}

const problemResponse = (status: number, codes: readonly ProblemCode[]) => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  ...((status === 429 || status === 503) && {
    headers: { 'Retry-After': { description: 'seconds', schema: { type: 'integer' } } },
  }),
  ...(status === 401 && { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } }),
  content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
})

const statusOf = (code: ProblemCode) => describe(code)[0]

const pascal = (code: string) => code.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
