import { z } from 'zod'
import { ofOwner, ofSpeakers, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { page, pageOf, pageQuery } from '../../api/page.ts'
import { named } from '../../api/paths.ts'
import { from, speaker } from '../../api/speaker.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { folded } from '../../folded-jid.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { accountOf, isBare, soughtJid } from '../../jid.ts'
import { contactOf, contactsOf } from '../known-contacts.ts'
import { areSomeLeftOut, presencesOf, presencesSchema, presentOf } from '../known-presence.ts'
import { withinLimit } from '../outgoing-message.ts'
import { sendPresence, setPresence, subscriptions, WRITE_WITHIN } from '../outgoing-presence.ts'

/** what a caller cannot say of the own presence */
const addressing = { to: true, from: true, id: true, type: true, error: true } as const

const leftOut = z.literal(true).optional().meta({
  description: 'More came than the session keeps: of those who are not contacts, the ones last heard from longest ago are missing',
})

const contactPresence = z.object({ jid: z.string(), presences: presencesSchema }).meta({ id: 'ContactPresence' })

export function presenceOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const content = vocabulary.schemas.presence
    .omit(addressing)
    .extend({ from })
    .meta({ id: 'OwnPresence', description: 'What the account shows of itself' })
  const list = operation({
    id: 'presence.list',
    method: 'GET',
    path: '/presence',
    summary: 'Read the presence of all contacts',
    scope: 'presence:read',
    session: 'named',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'Contacts and everybody else whose presence is known, by JID',
        schema: pageOf(contactPresence).extend({ leftOut }),
      },
    },
    problems: ['presence-unread', 'roster-unread', 'session-stopped'],
    examples: {
      200: {
        'one is there': {
          data: [
            { jid: 'juliet@example.com', presences: [{ jid: 'juliet@example.com/balcony', show: 'chat', priority: 5 }] },
            { jid: 'nurse@example.com', presences: [] },
          ],
          page: { complete: true },
        },
      },
    },
    async run({ session, query }) {
      const [contacts, others, leftOut] = await Promise.all([contactsOf(session), presentOf(session), areSomeLeftOut(session)])
      const { data: jids, ...rest } = page([...new Set([...contacts, ...others])], query)
      const presences = await presencesOf(session, jids)
      const data = jids.map((address) => ({ jid: address, presences: presences.get(address) ?? [] }))
      return { status: 200, body: { data, ...rest, ...(leftOut && { leftOut }) } }
    },
  })

  const get = operation({
    id: 'presence.get',
    method: 'GET',
    path: '/presence/{jid}',
    summary: 'Read the presence of one contact',
    scope: 'presence:read',
    session: 'named',
    params: z.object({ jid: jidScalar.schema }),
    answers: { 200: { description: 'Their resources; empty when they are offline', schema: contactPresence } },
    problems: ['jid-malformed', 'contact-not-found', 'presence-unread', 'roster-unread', 'session-stopped'],
    examples: {
      200: {
        available: { jid: 'juliet@example.com', presences: [{ jid: 'juliet@example.com/balcony', show: 'chat', priority: 5 }] },
        offline: { jid: 'nurse@example.com', presences: [] },
      },
    },
    async run({ session, params }) {
      const address = soughtJid(params.jid, 'params.jid')
      const account = accountOf(address)
      const present = async (bare: string) => (await presencesOf(session, [bare])).get(bare)
      const contact = (await present(account)) ? undefined : await contactOf(session, account)
      const known = await present(contact?.jid ?? account)
      if (!known && !contact) throw new Problem('contact-not-found', `${account} is no contact, and no presence of theirs is known.`)
      const presences = (known ?? []).filter(({ jid }) => isBare(address) || folded(jid) === folded(address))
      return { status: 200, body: { jid: address, presences } }
    },
  })

  const set = operation({
    id: 'presence.set',
    method: 'PUT',
    path: '/presence',
    summary: 'Show something else, or become available',
    description:
      'Kept for the life of the session: shown again after every reconnect, and while the session is away as soon as it is back. ' +
      'The rooms that it is in are shown it too, unless it has another presence there; those that it left to be unavailable are joined again. ' +
      'If the server ends one connection after another because of it, the last presence that it accepted is shown again, and the event `presence.error` says so. A priority of 0 or more takes part in the delivery to the bare JID.',
    scope: 'presence:write',
    session: 'named',
    components: 'own',
    body: content,
    answers: { 200: { description: 'Sent, or kept until the session is back', schema: content } },
    problems: ['given-up', ...ofStanzas, ...ofSpeakers, ...ofOwner],
    examples: {
      body: {
        available: {},
        away: { show: 'away', status: 'Back at noon' },
        'listens only': { priority: -1 },
      },
      200: { away: { show: 'away', status: 'Back at noon' } },
    },
    async run({ session: whole, body, signal }) {
      const { from, ...presence } = body
      const session = speaker(whole, from)
      withinLimit(
        named('body', () => vocabulary.write('presence', presence)),
        limits.stanza,
      )
      await session.perform(setPresence, { presence }, { timeout: WRITE_WITHIN, signal, repeatable: true })
      return { status: 200, body }
    },
  })

  const clear = operation({
    id: 'presence.clear',
    method: 'DELETE',
    path: '/presence',
    summary: 'Become unavailable; the session stays',
    description: 'Its rooms are left, and joined again as soon as it is available: what is sent to them waits as long.',
    scope: 'presence:write',
    session: 'named',
    components: 'own',
    query: z.strictObject({ from }),
    answers: { 204: { description: 'Sent, or kept until the session is back' } },
    problems: [...ofSpeakers, ...ofOwner],
    examples: {},
    async run({ session: whole, query, signal }) {
      const session = speaker(whole, query.from, 'query.from')
      await session.perform(setPresence, { presence: false }, { timeout: WRITE_WITHIN, signal, repeatable: true })
      return { status: 204 }
    },
  })

  return [list, get, set, clear, sendOperation({ vocabulary, limits })]
}

function sendOperation({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation {
  const directed = vocabulary.schemas.presence
    .omit({ from: true, error: true })
    .extend({
      from,
      to: jidScalar.schema,
      type: z.enum([...subscriptions, 'unavailable']).optional(),
    })
    .meta({ id: 'DirectedPresence' })

  return operation({
    id: 'presence.send',
    method: 'POST',
    path: '/presence',
    summary: 'Send presence to one JID, or a step of a subscription',
    traced: true,
    scope: 'presence:write',
    session: 'named',
    components: 'own',
    body: directed,
    answers: { 202: { description: 'Sent', schema: z.object({ id: z.string() }) } },
    problems: [...ofStanzas, ...ofSpeakers, ...ofOwner],
    examples: {
      body: {
        'ask for a subscription': { to: 'juliet@example.com', type: 'subscribe' },
        'grant one': { to: 'juliet@example.com', type: 'subscribed' },
        'to one person': { to: 'nurse@example.com', show: 'dnd', status: 'In a meeting' },
      },
      202: { sent: { id: 'prs_0c3V1xkPsu1AmT5C0bO9p0' } },
    },
    idempotency: 'generic',
    async run({ session: whole, body, signal }) {
      const { from, ...json } = body
      const session = speaker(whole, from)
      const presence = named('body', () => vocabulary.write('presence', json))
      return sendPresence(presence, { session, signal, limit: limits.stanza })
    },
  })
}
