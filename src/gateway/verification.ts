import { setTimeout as delay } from 'node:timers/promises'
import { within } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import type { SessionHandle } from './contract/session.ts'
import type { Credentials } from './credentials.ts'
import type { Connector } from './ports/connection.ts'
import type { SessionRecord } from './ports/session-record.ts'
import { ended } from './session/status.ts'

/** ms between looks at what became of a stream, and how many */
const LOOK_AGAIN = 50
const LOOKS = 20

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
  const tried = component ? login.catch(unlessTaken) : login
  await within(ms, tried, () => new Problem('xmpp-timeout', `The credentials could not be tried within ${ms / 1000} s.`))
}

/** A server that has one stream for a component alone says so to whoever knows the secret. */
function unlessTaken(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== 'xmpp-conflict') throw error
}

/** … or ends the stream that there is for the one that tried its new secret: that is seen within a moment. */
export async function afterTrying({ record, status }: Pick<SessionHandle, 'record' | 'status'>): Promise<void> {
  if (!record.component) return
  for (let looks = 0; looks < LOOKS && !ended.includes((await status()).state); looks += 1) await delay(LOOK_AGAIN)
}
