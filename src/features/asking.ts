/** Asking somebody by an iq for a caller, and waiting for the answer. */
import type { SessionCall } from '../gateway/contract/operation.ts'
import { sendIq } from '../gateway/session/commands.ts'
import { type Element, elements } from '../xml/element.ts'
import { reparse } from '../xml/parse.ts'
import { serialize } from '../xml/serialize.ts'

/** ms that the other side may take, and longer where its answer is on its way still */
const WITHIN = { timeout: 30_000, most: 120_000 }

interface Question {
  type: 'get' | 'set'
  /** absent: the own account */
  to?: string | undefined
  payload: Element
}

/** The payload of the result, where it has one. Rejects with the problem of an error, xmpp-timeout, and as `perform` does. */
export async function ask(
  { session, signal }: Pick<SessionCall, 'session' | 'signal'>,
  { type, to, payload }: Question,
): Promise<Element | undefined> {
  const args = { type, xml: serialize(payload), patience: WITHIN, ...(to === undefined ? {} : { to }) }
  const answer = await session.perform(sendIq, args, { timeout: WITHIN.most, signal, repeatable: type === 'get' })
  return elements(reparse(answer))[0]
}
