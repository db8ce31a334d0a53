/** XEP-0054: vcard-temp, version 1.3.0; members in plain English, `types` are the flags of the DTD */

import { deferred, likewise } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, many, named, names, one, text, texts } from '../codec/fields.ts'
import type { JsonOf, Leftovers, Payload } from '../codec/model.ts'
import { payload } from '../codec/payload.ts'
import { string } from '../codec/scalars.ts'
import { within } from '../codec/structures.ts'
import { VCARD_TEMP } from './namespaces.ts'

const upper = (value: string) => value.toUpperCase()
const line = (name: string) => text(string, name)
const types = <const V extends string>(...all: V[]) => names(all, VCARD_TEMP, upper)

const name = payload('VcardName', 'N', VCARD_TEMP, {
  family: line('FAMILY'),
  given: line('GIVEN'),
  middle: line('MIDDLE'),
  prefix: line('PREFIX'),
  suffix: line('SUFFIX'),
})

const image = (element: string) =>
  payload('VcardImage', element, VCARD_TEMP, { mediaType: line('TYPE'), data: line('BINVAL'), uri: line('EXTVAL') })
const photo = image('PHOTO')

const address = payload('VcardAddress', 'ADR', VCARD_TEMP, {
  types: types('home', 'work', 'postal', 'parcel', 'dom', 'intl', 'pref'),
  postOfficeBox: line('POBOX'),
  extended: line('EXTADD'),
  street: line('STREET'),
  locality: line('LOCALITY'),
  region: line('REGION'),
  postalCode: line('PCODE'),
  country: line('CTRY'),
})

const label = payload('VcardLabel', 'LABEL', VCARD_TEMP, {
  types: types('home', 'work', 'postal', 'parcel', 'dom', 'intl', 'pref'),
  lines: texts('LINE'),
})

const phone = payload('VcardPhone', 'TEL', VCARD_TEMP, {
  types: types('home', 'work', 'voice', 'fax', 'pager', 'msg', 'cell', 'video', 'bbs', 'modem', 'isdn', 'pcs', 'pref'),
  number: line('NUMBER'),
})

const email = payload('VcardEmail', 'EMAIL', VCARD_TEMP, {
  types: types('home', 'work', 'internet', 'pref', 'x400'),
  address: line('USERID'),
})

const sound = payload('VcardSound', 'SOUND', VCARD_TEMP, { phonetic: line('PHONETIC'), data: line('BINVAL'), uri: line('EXTVAL') })
interface Vcard extends JsonOf<typeof fields> {
  agent?: { uri?: string; vcard?: Vcard } & Leftovers
}

const inner: Payload<Vcard> = deferred([['vCard', VCARD_TEMP]], () => vcard)

const fields = {
  version: line('VERSION'),
  versionAttribute: attribute(string, 'version'),
  fullName: line('FN'),
  name: one(name),
  nicknames: texts('NICKNAME'),
  photo: one(photo),
  birthday: line('BDAY'),
  addresses: many(address),
  labels: many(label),
  phoneNumbers: many(phone),
  emails: many(email),
  jids: texts('JABBERID'),
  mailer: line('MAILER'),
  timeZone: line('TZ'),
  geo: one(payload('VcardGeo', 'GEO', VCARD_TEMP, { latitude: line('LAT'), longitude: line('LON') })),
  titles: texts('TITLE'),
  roles: texts('ROLE'),
  logo: one(likewise(photo, image('LOGO'))),
  organizations: many(payload('VcardOrganization', 'ORG', VCARD_TEMP, { name: line('ORGNAME'), units: texts('ORGUNIT') })),
  categories: within('CATEGORIES', VCARD_TEMP, texts('KEYWORD')),
  notes: texts('NOTE'),
  product: line('PRODID'),
  revision: line('REV'),
  sortString: line('SORT-STRING'),
  sound: one(sound),
  uid: line('UID'),
  urls: texts('URL'),
  descriptions: texts('DESC'),
  class: within('CLASS', VCARD_TEMP, named(['public', 'private', 'confidential'], VCARD_TEMP, upper)),
  key: one(payload('VcardKey', 'KEY', VCARD_TEMP, { type: line('TYPE'), credential: line('CRED') })),
}

const vcard: Payload<Vcard> = payload('Vcard', 'vCard', VCARD_TEMP, {
  ...fields,
  agent: one(payload('VcardAgent', 'AGENT', VCARD_TEMP, { uri: line('EXTVAL'), vcard: one(inner) })),
})

export const vcardTemp = define('vcard', ['iq', 'item'], vcard)
