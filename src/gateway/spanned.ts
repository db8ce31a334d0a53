import { toProblem } from '../errors/problem.ts'
import type { Span } from './ports/tracing.ts'

/** The span ends when the work does, and says by which problem that failed, or by what `faultOf` makes of its result. */
export async function spanned<Result>(
  span: Span | undefined,
  work: () => Promise<Result>,
  faultOf: (result: Result) => string | undefined = () => undefined,
): Promise<Result> {
  if (span === undefined) return await work()
  try {
    const result = await work()
    span.end({ fault: faultOf(result) })
    return result
  } catch (error) {
    span.end({ fault: toProblem(error).code })
    throw error
  }
}
