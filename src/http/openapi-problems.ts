/** The problems of the OpenAPI document: one response for each set of codes with one status, whichever operations may answer it. */
import { always, problemsOf } from '../api/declared.ts'
import { PROBLEM_TYPE, ProblemSchema } from '../api/problem.ts'
import { describe, type ProblemCode, stanzaErrorCodes } from '../errors/catalogue.ts'
import type { Operation } from '../gateway/contract/operation.ts'

type Described = Omit<Operation, 'run'>
/** the codes with one status, in the order of the alphabet */
export interface ProblemSet {
  status: number
  codes: readonly ProblemCode[]
}

/** By status, what an operation refers to. */
export const problemReferences = (operation: Described): Record<number, object> =>
  Object.fromEntries(setsOf(operation).map((set) => [set.status, problemReference(set)]))

export const problemReference = (set: ProblemSet) => ({ $ref: `#/components/responses/${nameOf(set)}` })

/** By name, what all operations refer to, and others that are told by their codes. */
export function problemResponses(operations: readonly Described[], others: readonly ProblemSet[]): Record<string, object> {
  const sets = [...operations.flatMap(setsOf), ...others].map((set) => [nameOf(set), problemResponse(set)] as const)
  return Object.fromEntries(sets.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const setsOf = (operation: Described): ProblemSet[] =>
  [...Map.groupBy([...problemsOf(operation)].sort(), statusOf)].map(([status, codes]) => ({ status, codes }))

/**
 * `403ScopeMissingXmpp`: the codes, those of stanza errors in one word where all that have the status are there, and those that
 * every operation may answer in none. Each operation has these names, so they are short.
 */
function nameOf({ status, codes }: ProblemSet): string {
  const withStatus = (all: readonly ProblemCode[]) => all.filter((code) => statusOf(code) === status)
  const hasAll = (all: readonly ProblemCode[]) => all.length > 0 && all.every((code) => codes.includes(code))
  const [ofStanzas, ofAll] = [withStatus(stanzaErrorCodes), withStatus(always)]
  const told = [...(hasAll(ofStanzas) ? ofStanzas : []), ...(hasAll(ofAll) ? ofAll : [])]
  const named = [...codes.filter((code) => !told.includes(code)), ...(hasAll(ofStanzas) ? ['xmpp'] : [])]
  return `${status}${named.map(pascal).join('')}`
}

function problemResponse({ status, codes }: ProblemSet) {
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...((status === 429 || status === 503) && {
      headers: { 'Retry-After': { description: 'seconds', schema: { type: 'integer' } } },
    }),
    ...(status === 401 && { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } }),
    content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
  }
}

const statusOf = (code: ProblemCode) => describe(code)[0]

const pascal = (code: string) => code.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
