/** Whose session is asked for: that of an account, or of a component (XEP-0114). */
import { z } from 'zod'
import { invalidRequest } from '../../errors/refusals.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { canLogIn } from '../credentials.ts'

export const component = z
  .string()
  .min(1)
  .max(1023)
  .meta({
    description:
      'In place of `jid`: a domain that the server knows as a component (XEP-0114), with its `secret` and `service`. The session speaks for every ' +
      'address of it. The stream is clear text: loopback, or hosts that XMPP_PRIVATE_HOSTS names.',
  })

export const secret = z.string().min(1).max(1023).meta({ description: 'Of a component. Stored encrypted, never shown' })

interface Asked {
  jid?: string | undefined
  component?: string | undefined
  secret?: string | undefined
  service?: string | undefined
  password?: string | undefined
  sasl?: Parameters<typeof canLogIn>[0]['sasl']
  [other: string]: unknown
}

/** members that a component can do without, for it has no such thing */
const ofAccounts = ['jid', 'password', 'sasl', 'resource', 'connections', 'presence', 'notify', 'bookmarks', 'mds'] as const

export function checkWhose(asked: Asked, { addIssue }: z.RefinementCtx): void {
  const fault = (name: string, message: string) => addIssue({ code: 'custom', path: [name], message })
  if (asked.component === undefined) {
    if (asked.secret !== undefined) fault('secret', 'is for components alone')
    if (asked.jid === undefined) fault('jid', 'is required')
    if (!canLogIn(asked)) fault('password', 'is missing')
    return
  }
  for (const name of ['secret', 'service'] as const) if (asked[name] === undefined) fault(name, 'is required for a component')
  for (const name of ofAccounts) if (asked[name] !== undefined) fault(name, 'is for accounts alone')
}

/** What was checked, as the session is opened with it. */
export const whose = ({ jid = '', component, secret = '' }: Asked): { jid: string; component?: true; password?: string } =>
  component === undefined ? { jid } : { jid: component, component: true, password: secret }

/** Of a session that is there: throws invalid-request for what it has not. */
export function checkChange({ record }: Pick<SessionHandle, 'record'>, change: Asked): void {
  const wrong = record.component
    ? ofAccounts.find((name) => change[name] !== undefined)
    : change.secret === undefined
      ? undefined
      : 'secret'
  if (wrong !== undefined) throw invalidRequest(`body.${wrong}`, `is for ${record.component ? 'accounts' : 'components'} alone`)
}
