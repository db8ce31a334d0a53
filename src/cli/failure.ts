import { CommanderError } from 'commander'
import { StanzagateProblem } from '../client/client.ts'
import { PROBLEM, TIMED_OUT, USAGE } from './cli.ts'
import { plain } from './output.ts'

export interface Failure {
  exitCode: number
  /** for standard error; empty where all is said */
  text: string
}

/** What a command that failed ends with. What is no fault that a person can set right is thrown on. */
export function failureOf(error: unknown, url: string): Failure {
  if (error instanceof CommanderError) return { exitCode: exitCodeOf(error), text: '' }
  if (error instanceof StanzagateProblem) return { exitCode: error.status === 504 ? TIMED_OUT : PROBLEM, text: textOf(error) }
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return { exitCode: TIMED_OUT, text: `No answer of ${url} in time` }
  if (error instanceof TypeError && cause !== undefined) {
    return {
      exitCode: PROBLEM,
      text: `${url} cannot be reached: ${causeOf(error)}. STANZAGATE_URL says where the gateway is.`,
    }
  }
  if (error instanceof TypeError && message === 'The WebSocket did not open') return { exitCode: PROBLEM, text: message }
  throw error
}

/** Why a fetch came to nothing: what is below says more than it. */
export function causeOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  return plain(cause?.code ?? cause?.message ?? message)
}

/** What commander finds wrong is wrong use; `commander.error` is what a command ends with by itself, with a code of its own. */
function exitCodeOf({ code, exitCode }: CommanderError): number {
  return exitCode === 0 || code === 'commander.error' ? exitCode : USAGE
}

function textOf({ detail, code, errors }: StanzagateProblem): string {
  const told = errors.map(({ path, message }) => `${path}: ${message}`).filter((line) => !detail.includes(line) && !line.includes(detail))
  const hint = code === 'session-required' ? ['--session or STANZAGATE_SESSION says which.'] : []
  return [`${detail} (${code})`, ...told, ...hint].map(plain).join('\n')
}
