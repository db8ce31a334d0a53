/** The form by which the owners of a room say how it is to be (XEP-0045 section 10.2), as plain values. */
import type { Translator } from '../codec/translate.ts'
import { stanzaProblem } from '../errors/problem.ts'
import { mucOwner } from '../protocol/xep0045.ts'
import type { Element } from '../xml/element.ts'
import { type FilledIn, type FormJson, type FormValues, type PlainNames, submitted, valuesOf } from './form-values.ts'

const PASSWORD = 'muc#roomconfig_roomsecret'
/** some services ask for it beside the password */
const HAS_PASSWORD = 'muc#roomconfig_passwordprotectedroom'
const WHO_SEES = 'muc#roomconfig_whois'

/** how callers call them; servers have names of their own for some */
const plain: Readonly<Record<string, readonly string[]>> = {
  persistent: ['muc#roomconfig_persistentroom'],
  membersOnly: ['muc#roomconfig_membersonly'],
  moderated: ['muc#roomconfig_moderatedroom'],
  public: ['muc#roomconfig_publicroom'],
  password: [PASSWORD],
  maxUsers: ['muc#roomconfig_maxusers'],
  name: ['muc#roomconfig_roomname'],
  description: ['muc#roomconfig_roomdesc'],
  lang: ['muc#roomconfig_lang'],
  changeSubject: ['muc#roomconfig_changesubject'],
  allowInvites: ['muc#roomconfig_allowinvites', '{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites'],
  archive: ['muc#roomconfig_enablearchiving', 'muc#roomconfig_mam', 'mam'],
  anonymous: [WHO_SEES],
}

/** who sees the addresses of occupants, in our words and in those of XEP-0045 */
const inOurs: Readonly<Record<string, string>> = { moderators: 'semi', anyone: 'non' }
const inTheirs: Readonly<Record<string, string>> = { semi: 'moderators', non: 'anyone' }

/** Asks the room; the payload of its answer. */
export type AskRoom = (request: { type: 'get' | 'set'; to: string; payload: Element }) => Promise<Element | undefined>

/** Rejects with the room's problem. */
export async function readConfig(ask: AskRoom, vocabulary: Translator, room: string): Promise<{ form: FormJson; values: FormValues }> {
  const answer = await ask({ type: 'get', to: room, payload: vocabulary.writeAs(mucOwner, {}) })
  const form = vocabulary.readAs(mucOwner, answer)?.form
  if (form === undefined)
    throw stanzaProblem({ type: 'cancel', condition: 'undefined-condition', text: 'The room has no form for its owners.' })
  return { form, values: configValues(form) }
}

/** Changes what is named, and keeps the rest. Rejects with invalid-request, jid-malformed, and with the room's problem. */
export async function changeConfig(ask: AskRoom, vocabulary: Translator, room: string, values: FilledIn): Promise<void> {
  const { form } = await readConfig(ask, vocabulary, room)
  await ask({ type: 'set', to: room, payload: vocabulary.writeAs(mucOwner, { form: configured(form, values) }) })
}

function configValues(form: FormJson): FormValues {
  const ours = inOurWords(form)
  const values = valuesOf(ours, namesIn(ours))
  return valuesOf(form)[HAS_PASSWORD] === false ? { ...values, password: '' } : values
}

/** The form to send back. Throws invalid-request, jid-malformed. */
function configured(form: FormJson, { anonymous, ...given }: FilledIn): FormJson {
  const ours = inOurWords(form)
  const seen = typeof anonymous === 'boolean' ? (anonymous ? 'semi' : 'non') : anonymous
  const filled = seen === undefined ? given : { ...given, anonymous: typeof seen === 'string' ? (inOurs[seen] ?? seen) : seen }
  const { fields = [], ...rest } = submitted(ours, filled, { names: namesIn(ours) })
  const sent = fields.map((field) => (field.name === WHO_SEES ? { ...field, values: translated(field.values, inTheirs) } : field))
  const needed = form.fields?.find(({ name }) => name === HAS_PASSWORD)
  if (needed === undefined) return { ...rest, fields: sent }
  const values = given.password === undefined ? (needed.values ?? []) : [given.password === '' ? '0' : '1']
  return { ...rest, fields: [...sent, { name: HAS_PASSWORD, type: 'boolean', values }] }
}

/** A password is all that says that there is one; `semi` and `non` are what they are elsewhere. */
function inOurWords({ fields = [], ...form }: FormJson): FormJson {
  const seen = ({ values, options = [], ...field }: NonNullable<FormJson['fields']>[number]) => ({
    ...field,
    values: translated(values, inOurs),
    options: options.map(({ value = '', ...option }) => ({ ...option, value: inOurs[value] ?? value })),
  })
  const others = fields.filter(({ name }) => name !== HAS_PASSWORD)
  return { ...form, fields: others.map((field) => (field.name === WHO_SEES ? seen(field) : field)) }
}

const translated = (values: readonly string[] = [], words: Readonly<Record<string, string>>) => values.map((value) => words[value] ?? value)

/** Of several fields that one name may mean, the one that the form has. */
function namesIn({ fields = [] }: FormJson): PlainNames {
  const there = new Set(fields.map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(plain).flatMap(([name, all]) => {
      const field = all.find((one) => there.has(one))
      return field === undefined ? [] : [[name, field]]
    }),
  )
}
