/** Which URLs may be called, as far as can be said before their names are looked up. */
import { Problem } from '../errors/problem.ts'
import { type AddressPolicy, checkHost } from './address.ts'

/** characters of a URL */
export const URL_MAX = 2048

/** The URL in its normal form. Throws address-not-allowed: http, other schemes, user info, port 0, a literal address that is not public. */
export function checkTarget(text: string, policy: AddressPolicy): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw refused('The URL cannot be read.')
  if (url.username !== '' || url.password !== '') throw refused('The URL has a user name or a password; use headers.')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('The URL must begin with https.')
  if (url.port === '0') throw refused('Port 0 cannot be called.')
  const host = checkHost(url.hostname, policy)
  if (url.protocol === 'http:' && !policy.privateHosts.has(host)) {
    throw refused(`The URL must begin with https. ${policy.variable} names the hosts that may be called without TLS.`)
  }
  url.hash = ''
  return url.href
}

const refused = (detail: string) => new Problem('address-not-allowed', detail)
