import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { form } from '../../protocol/xep0004.ts'
import { ask } from '../asking.ts'
import { filledIn, formValues } from '../form-values.ts'
import { namedRoom } from '../named-room.ts'
import { changeConfig, readConfig } from '../room-form.ts'

const params = z.object({ room: jid.schema })

/** How a room is, for its owners. */
export function configOperations(vocabulary: Translator): Operation[] {
  const getConfig = operation({
    id: 'rooms.getConfig',
    method: 'GET',
    path: '/rooms/{room}/config',
    summary: 'Read how a room is configured',
    description:
      'For its owners. `values` has plain names for what most rooms have: `persistent`, `membersOnly`, `moderated`, `public`, `password` (empty: none), `maxUsers`, ' +
      '`name`, `description`, `lang`, `changeSubject`, `allowInvites`, `archive`, `anonymous` (`semi`: moderators see JIDs, `non`: all do); the rest is as in `form`.',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params,
    answers: {
      200: {
        description: 'The form as it came, and its values',
        schema: z.object({ form: vocabulary.schemaOf(form), values: formValues }),
      },
    },
    problems: ['jid-malformed', ...ofIqs],
    examples: {
      200: {
        'a small one': {
          form: { type: 'form', fields: [{ name: 'muc#roomconfig_roomname', type: 'text-single', label: 'Title', values: ['Verona'] }] },
          values: { name: 'Verona' },
        },
      },
    },
    run: async (call) => ({
      status: 200,
      body: await readConfig((request) => ask(call, request), vocabulary, namedRoom(call.params.room)),
    }),
  })

  const setConfig = operation({
    id: 'rooms.setConfig',
    method: 'PATCH',
    path: '/rooms/{room}/config',
    summary: 'Configure a room',
    description: 'For its owners, by the names that `GET` shows. What is not named keeps its present value.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    body: z.strictObject({ values: filledIn }).meta({ id: 'RoomConfigChange' }),
    answers: { 204: { description: 'The room is so now' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { body: { 'a lasting room for members': { values: { name: 'Verona', persistent: true, membersOnly: true } } } },
    async run(call) {
      await changeConfig((request) => ask(call, request), vocabulary, namedRoom(call.params.room), call.body.values)
      return { status: 204 }
    },
  })

  return [getConfig, setConfig]
}
