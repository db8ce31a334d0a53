/** Whom a caller may write to. */
import { Problem } from '../../errors/problem.ts'
import { domainOf, jid, jidIfValid, withoutResource } from '../../jid.ts'

/** The normal form of what a key says: a JID, or `@domain`. Throws the problem jid-malformed. */
export function recipientPattern(text: string, path: string): string {
  return text.startsWith('@') ? `@${jid(text.slice(1), path)}` : jid(text, path)
}

/** A bare JID is all of its resources, a domain everybody there and itself. What is no JID is nobody who may be written to. */
export function isRecipient(recipients: readonly string[], to: string): boolean {
  const address = jidIfValid(to)
  if (address === undefined) return false
  const domain = `@${domainOf(address)}`
  const account = withoutResource(address)
  return recipients.some((one) => one === address || one === account || one === domain)
}

/** Throws recipient-not-allowed. For what is sent later, or by somebody else: what goes through a session is looked at there. */
export function checkRecipient({ recipients }: { recipients?: readonly string[] | undefined }, to: string): void {
  if (recipients === undefined || isRecipient(recipients, to)) return
  throw new Problem('recipient-not-allowed', `The key may write to ${recipients.join(', ')}; not to ${to}.`)
}

/** Is everybody of the one among those of the other? */
export function areRecipients(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  if (outer === undefined) return true
  return inner?.every((one) => outer.includes(one) || (!one.startsWith('@') && isRecipient(outer, one))) ?? false
}
