import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { checkAccount } from '../../api/accounts.ts'
import { ofIqs, ofLogIns } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import type { Translator } from '../../codec/translate.ts'
import { stanzaErrorCodes } from '../../errors/catalogue.ts'
import { Problem, stanzaProblem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { SessionHandle, Sessions, Stranger } from '../../gateway/contract/session.ts'
import { ended } from '../../gateway/session/status.ts'
import { comparable, jid, parseJid } from '../../jid.ts'
import { form as dataForm } from '../../protocol/xep0004.ts'
import { REGISTER, REGISTER_FEATURE, registration } from '../../protocol/xep0077.ts'
import { element } from '../../xml/element.ts'
import { ask } from '../asking.ts'
import { password, service } from '../credentials.ts'
import { filledIn, formValues, valuesOf } from '../form-values.ts'
import { filled, type Wanted, wantedBy } from './form.ts'

const domain = z.string().min(1).max(1023)
const ofServers = [...ofLogIns, ...stanzaErrorCodes, 'jid-malformed', 'scope-missing'] as const

export function registrationOperations({ vocabulary, sessions }: { vocabulary: Translator; sessions: Sessions }): Operation[] {
  const wanted = z
    .object({ domain: z.string(), form: vocabulary.schemaOf(dataForm), values: formValues, url: z.string().optional() })
    .meta({ id: 'RegistrationForm', description: 'What the server wants to know; `url` is where else one can register' })

  /** The server's own form is asked for on the stream on which it is sent back. */
  async function wantedOn({ features, ask }: Stranger): Promise<Wanted> {
    if (!features.includes(REGISTER_FEATURE))
      throw stanzaProblem({ type: 'cancel', condition: 'feature-not-implemented', text: 'The server lets nobody register in this way.' })
    return wantedBy(await ask('get', element('query', REGISTER)), vocabulary)
  }

  const form = operation({
    id: 'registration.form',
    method: 'GET',
    path: '/registration',
    summary: 'Read what a server wants to know of a new account',
    scope: 'sessions:read',
    session: 'none',
    query: z.strictObject({ domain, service: service.optional() }),
    answers: { 200: { description: 'The form', schema: wanted } },
    problems: ofServers,
    examples: {
      200: {
        'name and password': {
          domain: 'example.com',
          form: {
            type: 'form',
            fields: [
              { name: 'username', type: 'text-single', required: true },
              { name: 'password', type: 'text-private', required: true },
            ],
          },
          values: { username: '', password: '' },
        },
      },
    },
    async run({ caller, query, signal }) {
      notForSessions(caller.session)
      const server = { tenant: caller.tenant, domain: domainOf(query.domain, 'query.domain'), service: query.service ?? null }
      const { form, url } = await sessions.beforeLogIn(server, wantedOn, { signal })
      return { status: 200, body: { domain: server.domain, form, values: valuesOf(form), ...(url !== undefined && { url }) } }
    },
  })

  const register = operation({
    id: 'registration.register',
    method: 'POST',
    path: '/registration',
    summary: 'Make an account on a server; then open a session for it',
    scope: 'sessions:write',
    session: 'none',
    body: z
      .strictObject({ domain, username: z.string().min(1).max(1023), password, values: filledIn.optional(), service: service.optional() })
      .meta({ id: 'NewAccount' }),
    answers: { 201: { description: 'The account is there', schema: z.object({ jid: z.string() }) } },
    problems: ['session-not-allowed', ...ofServers],
    examples: {
      body: { plain: { domain: 'example.com', username: 'benvolio', password: 'part-fools' } },
      201: { made: { jid: 'benvolio@example.com' } },
    },
    async run({ caller, body, signal }) {
      notForSessions(caller.session)
      const server = { tenant: caller.tenant, domain: domainOf(body.domain, 'body.domain'), service: body.service ?? null }
      if (body.username.includes('@') || body.username.includes('/')) throw malformed('body.username', 'must not have @ or /')
      const made = jid(`${body.username}@${server.domain}`, 'body.username')
      checkAccount(caller, made)
      const values = { ...body.values, username: parseJid(made).local, password: body.password }
      await sessions.beforeLogIn(
        server,
        async (stranger) => {
          await stranger.ask('set', filled(await wantedOn(stranger), values, vocabulary))
        },
        { signal },
      )
      return { status: 201, body: { jid: made } }
    },
  })

  const changePassword = operation({
    id: 'registration.changePassword',
    method: 'PUT',
    path: '/registration/password',
    summary: 'Change the password of the account; the session goes on with the new one',
    scope: 'sessions:write',
    session: 'named',
    body: z.strictObject({ password }).meta({ id: 'NewPassword' }),
    answers: { 204: { description: 'Changed' } },
    problems: ['credentials-lost', ...ofLogIns, ...ofIqs],
    examples: { body: { new: { password: 'a-rose-by-any-other-name' } } },
    async run(call) {
      const { session, body } = call
      const { local, domain } = parseJid(session.record.jid)
      const payload = vocabulary.writeAs(registration, { username: local, password: body.password })
      try {
        await ask(call, { type: 'set', to: domain, payload })
      } catch (error) {
        if (!isUnknown(error)) throw error
        // the answer was lost: a log-in tells which password it is
        const proved = await sessions.update(session, body).catch(() => undefined)
        if (!proved) throw error
        return { status: 204 }
      }
      await sessions.update(session, body, { proven: true })
      return { status: 204 }
    },
  })

  const remove = operation({
    id: 'registration.remove',
    method: 'DELETE',
    path: '/registration',
    summary: 'Remove the account from its server for good, and end the session',
    scope: 'sessions:write',
    session: 'named',
    body: z
      .strictObject({ jid: z.string().meta({ description: 'The bare JID once more, so that no other is removed' }) })
      .meta({ id: 'AccountRemoval' }),
    answers: { 204: { description: 'The account is no more' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { body: { again: { jid: 'benvolio@example.com' } } },
    async run(call) {
      const { session, body } = call
      const own = session.record.jid
      if (comparable(body.jid) !== comparable(own)) throw invalidRequest('body.jid', 'is not the account of the session')
      const begun = Date.now()
      try {
        await ask(call, { type: 'set', to: parseJid(own).domain, payload: vocabulary.writeAs(registration, { remove: true }) })
      } catch (error) {
        // some servers end the stream instead of an answer: then the next log-in tells
        if (!isUnknown(error) || !(await isRefused(sessions, session, begun))) throw error
      }
      await sessions.close(session, {})
      return { status: 204 }
    },
  })

  return [form, register, changePassword, remove]
}

/** ms in which a session has logged in again, or found out that it cannot, and between looks at it */
const LOG_IN_WITHIN = 20_000
const LOOK_AGAIN = 100

/** Is the account refused its log-in now? One that has stopped for another reason tries once more. */
async function isRefused(sessions: Sessions, session: SessionHandle, since: number): Promise<boolean> {
  let again = false
  for (const until = Date.now() + LOG_IN_WITHIN; Date.now() < until; await delay(LOOK_AGAIN)) {
    const status = await session.status()
    if (status.state === 'auth-failed') return true
    if (status.state === 'online' && status.since > since) return false
    if (!ended.includes(status.state) || again) continue
    again = true
    await sessions.update(session, { sasl: {} })
  }
  return false
}

const isUnknown = (thrown: unknown) => thrown instanceof Problem && ['outcome-unknown', 'xmpp-timeout'].includes(thrown.code)

function notForSessions(session: string | undefined): void {
  if (session !== undefined) throw new Problem('scope-missing', 'A session token is for its own session; an API key makes accounts.')
}

/** The domain alone, normalised. Throws jid-malformed. */
function domainOf(text: string, path: string): string {
  const { local, domain, resource } = parseJid(text, path)
  if (local !== '' || resource !== '') throw malformed(path, 'must be a domain')
  return domain
}

const malformed = (path: string, message: string) => new Problem('jid-malformed', `${path}: ${message}`, { errors: [{ path, message }] })
