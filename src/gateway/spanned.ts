import { toProblem } from '../errors/problem.ts'
import type { Span } from './ports/tracing.ts'

/** The span ends when the work does, and says by which problem that failed, or by what `faultOf` makes of its result. */
export function spanned<Result>(
  span: Span | undefined,
  work: () => Promise<Result>,
  faultOf?: (result: Result) => string | undefined,
): Promise<Result> {
  return span === undefined ? work() : toItsEnd(span, work, faultOf)
}

async function toItsEnd<Result>(
  span: Span,
  work: () => Promise<Result>,
  faultOf?: (result: Result) => string | undefined,
): Promise<Result> {
  try {
    const result = await work()
    span.end({ fault: faultOf?.(result) })
    return result
  } catch (error) {
    span.end({ fault: toProblem(error).code })
    throw error
  }
}
