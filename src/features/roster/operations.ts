import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { page, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { Problem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { type Contact, subscriptionStates } from '../../gateway/contract/roster-and-presence.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { isBare, jid, soughtJid } from '../../jid.ts'
import { contactOf, contactsOf, readContacts } from '../known-contacts.ts'
import { type Presence, presencesOf, presencesSchema } from '../known-presence.ts'
import { CHANGE_WITHIN, putContact, removeContact } from './live.ts'

/** characters of a name or a group: servers' limits are about this */
const TEXT_MAX = 1023

export const contactShape = {
  jid: z.string(),
  name: z.string().optional(),
  groups: z.array(z.string()),
  subscription: z
    .enum(subscriptionStates)
    .meta({ description: 'Who sees whose presence: `to` the account sees theirs, `from` they see its' }),
  ask: z.literal('subscribe').optional().meta({ description: 'The account asked to see their presence, without an answer yet' }),
  approved: z.literal(true).optional().meta({ description: 'Their request will be granted without being asked' }),
} satisfies Record<keyof Contact, z.ZodType>

const contactSchema = z.object({ ...contactShape, presences: presencesSchema.optional() }).meta({ id: 'Contact' })
const params = z.object({ jid: jidScalar.schema })

const change = z
  .strictObject({
    name: z.string().max(TEXT_MAX).optional(),
    groups: z.array(z.string().min(1).max(TEXT_MAX)).max(100).optional(),
  })
  .meta({ id: 'ContactChange', description: 'What is left out is removed' })

const withPresence = z.strictObject({
  ...pageQuery,
  presence: z.enum(['true', 'false']).optional().meta({ description: '`false` leaves out `presences`' }),
})

export function rosterOperations(): Operation[] {
  const list = operation({
    id: 'roster.get',
    method: 'GET',
    path: '/roster',
    summary: 'Read the contacts',
    description: 'The strong ETag covers the whole answer; with `If-None-Match`, 304 says that it has not changed.',
    scope: 'roster:read',
    session: 'named',
    query: withPresence,
    answers: { 200: { description: 'Contacts by JID', schema: pageOf(contactSchema) } },
    problems: ['presence-unread', 'roster-unread', 'session-stopped'],
    examples: {
      200: {
        'one contact': {
          data: [
            {
              jid: 'juliet@example.com',
              name: 'Juliet',
              groups: ['Capulet'],
              subscription: 'both',
              presences: [{ jid: 'juliet@example.com/balcony', show: 'away', status: 'On the balcony', priority: 0 }],
            },
          ],
          page: { complete: true },
        },
      },
    },
    async run({ session, query }) {
      const { data: jids, ...rest } = page(await contactsOf(session), query)
      const contacts = await readContacts(session, jids)
      const presences = query.presence === 'false' ? undefined : await presencesOf(session, jids)
      const body = { data: contacts.map((contact) => view(contact, presences)), ...rest }
      return { status: 200, body, headers: { etag: etagOf(body) } }
    },
  })

  const getContact = operation({
    id: 'roster.getContact',
    method: 'GET',
    path: '/roster/{jid}',
    summary: 'Read one contact',
    scope: 'roster:read',
    session: 'named',
    params,
    answers: { 200: { description: 'The contact', schema: contactSchema } },
    problems: ['jid-malformed', 'contact-not-found', 'presence-unread', 'roster-unread', 'session-stopped'],
    examples: { 200: { offline: { jid: 'nurse@example.com', groups: [], subscription: 'to', presences: [] } } },
    async run({ session, params }) {
      const contact = await known(session, soughtContact(params.jid))
      const body = view(contact, await presencesOf(session, [contact.jid]))
      return { status: 200, body, headers: { etag: etagOf(body) } }
    },
  })

  const put = operation({
    id: 'roster.put',
    method: 'PUT',
    path: '/roster/{jid}',
    summary: 'Add a contact, or change their name and groups',
    description: 'Answers when the server has changed the roster. To see their presence, send `subscribe` by `POST /presence`.',
    scope: 'roster:write',
    session: 'named',
    params,
    body: change,
    answers: { 200: { description: 'The contact', schema: contactSchema } },
    problems: ['jid-malformed', 'presence-unread', 'roster-unread', ...ofIqs],
    examples: {
      body: {
        'name and groups': { name: 'Juliet', groups: ['Capulet'] },
        neither: {},
      },
      200: { 'a new contact': { jid: 'juliet@example.com', name: 'Juliet', groups: ['Capulet'], subscription: 'none', presences: [] } },
    },
    async run({ session, params, body, signal }) {
      // what the server has may be changed, also where nothing would be sent to
      const known = await contactOf(session, soughtContact(params.jid)).catch(unlessUnread)
      const wanted = {
        jid: known?.jid ?? contactJid(params.jid),
        groups: [...new Set(body.groups)].sort(),
        ...(body.name ? { name: body.name } : {}),
      }
      const contact = await session.perform(putContact, wanted, { timeout: CHANGE_WITHIN.most, signal })
      return { status: 200, body: view(contact, await presencesOf(session, [contact.jid])) }
    },
  })

  const remove = operation({
    id: 'roster.remove',
    method: 'DELETE',
    path: '/roster/{jid}',
    summary: 'Remove a contact, and end the subscriptions with them',
    scope: 'roster:write',
    session: 'named',
    params,
    answers: { 204: { description: 'Removed' } },
    problems: ['jid-malformed', 'contact-not-found', 'presence-unread', 'roster-unread', ...ofIqs],
    examples: {},
    async run({ session, params, signal }) {
      // the server says whom it takes it for
      const jid = soughtContact(params.jid)
      await known(session, jid)
      await session.perform(removeContact, { jid }, { timeout: CHANGE_WITHIN.most, signal })
      return { status: 204 }
    },
  })

  return [list, getContact, put, remove]
}

/** One that is not known may be new. */
function unlessUnread(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || thrown.code !== 'roster-unread') throw thrown
}

const contactJid = (text: string) => bareJid(jid(text, 'params.jid'))
const soughtContact = (text: string) => bareJid(soughtJid(text, 'params.jid'))

function bareJid(address: string): string {
  if (isBare(address)) return address
  const errors = [{ path: 'params.jid', message: 'must be a bare JID' }]
  throw new Problem('jid-malformed', 'A contact is named by the bare JID.', { errors })
}

async function known(session: SessionHandle, jid: string): Promise<Contact> {
  const contact = await contactOf(session, jid)
  if (contact) return contact
  throw new Problem('contact-not-found', `${jid} is not in the roster.`)
}

function view(contact: Contact, presences: Map<string, Presence[]> | undefined) {
  return presences ? { ...contact, presences: presences.get(contact.jid) ?? [] } : contact
}

function etagOf(body: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`
}
