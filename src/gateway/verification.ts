import { within } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import type { Credentials } from './credentials.ts'
import type { Connector } from './ports/connection.ts'
import type { SessionRecord } from './ports/session-record.ts'

/** Tries credentials on a connection of their own. Rejects with the problem of the log-in, or xmpp-timeout after `ms`. */
export async function verify(
  { tenant, jid, component, service, resource }: SessionRecord,
  { password = '', sasl = {} }: Credentials,
  { connector, ms }: { connector: Pick<Connector, 'verify'>; ms: number },
): Promise<void> {
  const login = connector.verify({
    tenant,
    jid,
    component,
    password: async () => password,
    sasl: async () => sasl,
    resource: `${resource}-check`,
    service,
    resume: null,
  })
  await within(ms, login, () => new Problem('xmpp-timeout', `The credentials could not be tried within ${ms / 1000} s.`))
}
