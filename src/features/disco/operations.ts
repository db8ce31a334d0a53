import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { FeatureContext } from '../../gateway/contract/feature.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { domainOf, jid } from '../../jid.ts'
import { DISCO_INFO } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'
import { ask } from '../asking.ts'
import { itemsOf } from '../entity-items.ts'
import { readCapabilities } from './capabilities.ts'

/** ms for all that capabilities take */
const CAPABILITIES_WITHIN = 90_000
const whom = {
  jid: jidScalar.schema.optional().meta({ description: 'Whom to ask; by default the own server' }),
  node: z.string().max(3071).optional().meta({ description: 'A node of theirs' }),
}

const identity = z.looseObject({ category: z.string(), type: z.string(), name: z.string().optional() })
const info = z
  .looseObject({
    jid: z.string(),
    node: z.string().optional(),
    identities: z.array(identity),
    features: z.array(z.string()),
    forms: z.array(z.looseObject({})).meta({ description: 'More about it, as data forms (XEP-0128)' }),
  })
  .meta({ id: 'EntityInfo' })

const item = z.looseObject({ jid: z.string(), node: z.string().optional(), name: z.string().optional() }).meta({ id: 'EntityItem' })

const can = (description: string) => z.boolean().meta({ description })
const capabilities = z
  .object({
    jid: z.string(),
    receipts: can('Says that messages came (XEP-0184)'),
    markers: can('Says what was displayed (XEP-0333)'),
    reactions: z.boolean(),
    corrections: z.boolean(),
    upload: z
      .object({ service: z.string(), maxSize: z.int().optional() })
      .optional()
      .meta({ description: 'Where files go, and how many bytes one may have through the gateway' }),
    rooms: z.object({ service: z.string() }).optional().meta({ description: 'Where rooms are made' }),
    pubsub: z.boolean(),
    archive: can('Keeps a history of messages'),
    blocking: z.boolean(),
    push: z.boolean(),
    bookmarks: can('Can keep bookmarks of rooms for the own eyes'),
    mds: can('Can keep what was displayed for the own eyes'),
    everywhere: z.array(z.string()).optional().meta({
      description: 'Of a contact who is online: which of the first four each of their clients can. The members say what one of them can',
    }),
    encryption: z.literal('not by the gateway'),
  })
  .meta({ id: 'Capabilities' })

const ownServer = {
  jid: 'romeo@example.com',
  ...{ receipts: true, markers: true, reactions: true, corrections: true },
  upload: { service: 'upload.example.com', maxSize: 104_857_600 },
  rooms: { service: 'conference.example.com' },
  ...{ pubsub: true, archive: true, blocking: true, push: false, bookmarks: true, mds: true },
  encryption: 'not by the gateway',
}

export function discoOperations({ vocabulary, limits }: Pick<FeatureContext, 'vocabulary' | 'limits'>): Operation[] {
  const getInfo = operation({
    id: 'disco.info',
    method: 'GET',
    path: '/disco/info',
    summary: 'Ask what somebody is and can do (XEP-0030)',
    description: 'To ask shows a client, which an address with a resource names, that the account is online.',
    scope: 'iq:read',
    session: 'named',
    components: 'generic',
    query: z.strictObject(whom),
    answers: { 200: { description: 'As they say', schema: info } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {
      200: {
        'a room service': {
          jid: 'conference.example.com',
          identities: [{ category: 'conference', type: 'text', name: 'Rooms' }],
          features: ['urn:example:rooms'],
          forms: [],
        },
      },
    },
    async run({ session, query: { node, ...given }, signal }) {
      const to = addressee(session, given.jid)
      const query =
        (await ask({ session, signal }, { type: 'get', to, payload: element('query', DISCO_INFO, { node }) })) ??
        element('query', DISCO_INFO)
      const { discoInfo = {} } = vocabulary.readPayload(query) as { discoInfo?: object }
      return { status: 200, body: { jid: to, identities: [], features: [], forms: [], ...discoInfo, ...(node !== undefined && { node }) } }
    },
  })

  const getItems = operation({
    id: 'disco.items',
    method: 'GET',
    path: '/disco/items',
    summary: 'Ask what belongs to somebody: services, rooms, nodes (XEP-0030)',
    scope: 'iq:read',
    session: 'named',
    components: 'generic',
    query: z.strictObject({ ...whom, ...pageQuery }),
    answers: { 200: { description: 'As they say', schema: pageOf(item) } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {
      200: {
        'of a server': {
          data: [{ jid: 'conference.example.com', name: 'Rooms' }, { jid: 'upload.example.com' }],
          page: { complete: true },
        },
      },
    },
    run: async (call) => ({ status: 200, body: await itemsOf(call, addressee(call.session, call.query.jid), call.query) }),
  })

  const getCapabilities = operation({
    id: 'capabilities.get',
    method: 'GET',
    path: '/capabilities',
    summary: 'Ask what somebody can do, in words',
    description:
      'Of the own account and its server, or of a contact, room, service or client. What a client announces by a hash is believed once it has proved true.',
    scope: 'iq:read',
    session: 'named',
    query: z.strictObject({ jid: whom.jid.meta({ description: 'Of whom; by default the own account with what its server has for it' }) }),
    answers: { 200: { description: 'What they can do', schema: capabilities } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { 200: { 'at home': ownServer } },
    async run({ session, query, signal }) {
      const args = query.jid === undefined ? {} : { jid: jid(query.jid, 'query.jid') }
      const { upload, ...rest } = await session.perform(readCapabilities, args, { timeout: CAPABILITIES_WITHIN, signal, repeatable: true })
      if (upload === undefined) return { status: 200, body: rest }
      return { status: 200, body: { ...rest, upload: { ...upload, maxSize: Math.min(upload.maxSize ?? limits.upload, limits.upload) } } }
    },
  })

  return [getInfo, getItems, getCapabilities]
}

const addressee = ({ record }: SessionHandle, given: string | undefined) =>
  given === undefined ? domainOf(record.jid) : jid(given, 'query.jid')
