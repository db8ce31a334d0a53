import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { stanzaProblem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { MUC } from '../../protocol/namespaces.ts'
import { form } from '../../protocol/xep0004.ts'
import { discoInfo } from '../../protocol/xep0030.ts'
import { ask } from '../asking.ts'
import { valuesOf } from '../form-values.ts'
import { namedRoom } from '../named-room.ts'

/** features of rooms (XEP-0045 section 6.4), by what they are called elsewhere */
const flags = {
  persistent: 'muc_persistent',
  membersOnly: 'muc_membersonly',
  moderated: 'muc_moderated',
  public: 'muc_public',
  password: 'muc_passwordprotected',
} as const

const words = {
  name: 'muc#roomconfig_roomname',
  description: 'muc#roominfo_description',
  subject: 'muc#roominfo_subject',
  lang: 'muc#roominfo_lang',
  occupants: 'muc#roominfo_occupants',
} as const

const text = z.string().optional()

/** What a room says of itself to anybody. */
export function infoOperation(vocabulary: Translator): Operation {
  const schema = z
    .object({
      room: z.string(),
      ...{ name: text, description: text, subject: text, lang: text },
      occupants: z.int().optional(),
      ...{ persistent: z.boolean(), membersOnly: z.boolean(), moderated: z.boolean(), public: z.boolean() },
      password: z.boolean().meta({ description: 'A password is needed' }),
      anonymous: z.enum(['semi', 'non']),
      identities: z.array(z.looseObject({ category: z.string(), type: z.string(), name: text })),
      features: z.array(z.string()),
      forms: z.array(vocabulary.schemaOf(form)),
    })
    .meta({ id: 'RoomInfo', description: 'What a room says of itself: in words, and as service discovery (XEP-0030) has it' })

  return operation({
    id: 'rooms.info',
    method: 'GET',
    path: '/rooms/{room}/info',
    summary: 'Read what a room says of itself',
    description: 'The session need not be in it.',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jid.schema }),
    answers: { 200: { description: 'The room', schema } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {
      200: {
        'a public room': {
          ...{ room: 'verona@conference.example.com', name: 'Verona', occupants: 3 },
          ...{ persistent: true, membersOnly: false, moderated: false, public: true, password: false, anonymous: 'semi' },
          identities: [{ category: 'conference', type: 'text', name: 'Verona' }],
          features: [MUC, 'muc_persistent', 'muc_public'],
          forms: [],
        },
      },
    },
    async run(call) {
      const room = namedRoom(call.params.room)
      const answer = vocabulary.readAs(discoInfo, await ask(call, { type: 'get', to: room, payload: vocabulary.writeAs(discoInfo, {}) }))
      if (answer === undefined)
        throw stanzaProblem({ type: 'cancel', condition: 'undefined-condition', text: 'The room says nothing of itself.' })
      const { identities = [], features = [], forms = [] } = answer
      const told = Object.assign({}, ...forms.map((one) => valuesOf(one, words)))
      const given = Object.keys(words).flatMap((word) => (typeof told[word] === 'string' && told[word] !== '' ? [[word, told[word]]] : []))
      const {
        name = identities.find((one) => one.category === 'conference' && one.name)?.name,
        occupants,
        ...rest
      } = Object.fromEntries(given)
      const count = Number(occupants ?? Number.NaN)
      const body = {
        ...{ room, ...(name && { name }), ...rest, ...(Number.isSafeInteger(count) && { occupants: count }) },
        ...Object.fromEntries(Object.entries(flags).map(([flag, feature]) => [flag, features.includes(feature)])),
        anonymous: features.includes('muc_nonanonymous') ? 'non' : 'semi',
        ...{ identities, features, forms },
      }
      return { status: 200, body }
    },
  })
}
