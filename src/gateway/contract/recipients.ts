/** Whom a caller may write to. */
import { Problem } from '../../errors/problem.ts'
import { accountOf, domainOf, jid, jidIfValid, withoutResource } from '../../jid.ts'
import { ADDRESSES, MUC_USER } from '../../protocol/namespaces.ts'
import { type Element, elements } from '../../xml/element.ts'

/** The normal form of what a key says: a JID, or `@domain`. Throws the problem jid-malformed. */
export function recipientPattern(text: string, path: string): string {
  return text.startsWith('@') ? `@${jid(text.slice(1), path)}` : jid(text, path)
}

/** A bare JID is all of its resources, a domain everybody there and itself. What is no JID is nobody who may be written to. */
function isRecipient(recipients: readonly string[], to: string): boolean {
  const address = jidIfValid(to)
  if (address === undefined) return false
  const domain = `@${domainOf(address)}`
  const account = withoutResource(address)
  return recipients.some((one) => one === address || one === account || one === domain)
}

/** Throws recipient-not-allowed where a caller may not write to somebody. `own`: an account of theirs, which they may ask, as its server. */
export function checkRecipient({ recipients }: { recipients?: readonly string[] | undefined }, to: string, own?: string): void {
  if (recipients === undefined || isRecipient(recipients, to) || (own !== undefined && isOwn(to, own))) return
  throw new Problem('recipient-not-allowed', `The token may write to ${recipients.join(', ')}; not to ${to}.`)
}

function isOwn(to: string, own: string): boolean {
  const account = accountOf(to)
  return account === own || account === domainOf(own)
}

/** Everybody whom a stanza is for: a room hands an invitation on, a server what has more addresses (XEP-0033). */
export function recipientsOf(stanza: Element): string[] {
  const { to } = stanza.attributes
  const handedOn = elements(stanza).flatMap((child) => {
    if (child.xmlns === ADDRESSES) return elements(child).flatMap(({ attributes: { jid } }) => jid ?? [])
    return child.xmlns === MUC_USER ? elements(child).flatMap(({ attributes: { to } }) => to ?? []) : []
  })
  return [...(to === undefined ? [] : [to]), ...handedOn]
}

/** Is everybody of the one among those of the other? */
export function areRecipients(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  if (outer === undefined) return true
  return inner?.every((one) => outer.includes(one) || (!one.startsWith('@') && isRecipient(outer, one))) ?? false
}
