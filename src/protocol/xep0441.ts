/** XEP-0441: Message Archive Management Preferences, version 0.2.0 */
import { define } from '../codec/definition.ts'
import { attribute, texts } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, oneOf } from '../codec/scalars.ts'
import { within } from '../codec/structures.ts'
import { MAM } from './namespaces.ts'

const jids = texts('jid', jid)

export const archivePreferences = define(
  'archivePreferences',
  ['iq'],
  payload('ArchivePreferences', 'prefs', MAM, {
    default: attribute(oneOf('always', 'never', 'roster')),
    always: within('always', MAM, jids),
    never: within('never', MAM, jids),
  }),
)
