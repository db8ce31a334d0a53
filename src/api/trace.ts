/** The trace that a caller tells (W3C Trace Context level 1, sections 3.2 and 3.3). */
import type { Trace } from '../gateway/ports/tracing.ts'

/** characters of a `tracestate` that have to be carried on, and members of it */
const STATE_MAX = 512
const MEMBERS_MAX = 32

/** where the id of the trace ends, and that of the parent begins */
const TRACE_ID_ENDS = '00-'.length + 32

const traceparent = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32}-(?!0{16})[\da-f]{16})-([\da-f]{2})(-[!-~]*)?$/
const member = /^[a-z\d][a-z\d_\-*/]{0,255}(?:@[a-z][a-z\d_\-*/]{0,13})?=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/** undefined where there is none, or none that is valid: then it is as if it had not come */
export function traceOf(said: Readonly<Record<string, unknown>>): Trace | undefined {
  // most have none
  if (said.traceparent === undefined) return undefined
  const parent = parentOf(said.traceparent)
  if (parent === undefined) return undefined
  const state = stateOf(said.tracestate)
  return { traceparent: parent, ...(state !== undefined && { tracestate: state }) }
}

/** For a request to somebody else that is part of it. */
export function traceHeaders({ traceparent, tracestate, span }: Trace): Record<string, string> {
  const parent = span === undefined ? traceparent : `${traceparent.slice(0, TRACE_ID_ENDS)}-${span}-01`
  return { traceparent: parent, ...(tracestate !== undefined && { tracestate }) }
}

/** Of a version to come only what this one knows is carried on. */
function parentOf(said: unknown): string | undefined {
  const [, version, ids, flags, more] = (typeof said === 'string' && traceparent.exec(said.trim())) || []
  if (version === undefined || (version === '00' && more !== undefined)) return undefined
  return `00-${ids}-${flags}`
}

function stateOf(said: unknown): string | undefined {
  if (typeof said !== 'string' || said.length > STATE_MAX) return undefined
  const members = said
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  const isValid = members.length > 0 && members.length <= MEMBERS_MAX && members.every((one) => member.test(one))
  return isValid ? members.join() : undefined
}
