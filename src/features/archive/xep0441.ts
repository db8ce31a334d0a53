/** XEP-0441: Message Archive Management Preferences, version 0.2.0 */
import { define } from '../../stanza/definition.ts'
import { attribute, texts } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid, oneOf } from '../../stanza/scalars.ts'
import { within } from '../../stanza/structures.ts'
import { MAM } from './xep0313.ts'

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
