/** XEP-0292: vCard4 Over XMPP, version 0.12.0; the format is RFC 6351 */

import { likewise } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, many, one, text, texts } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, string } from '../codec/scalars.ts'
import { elements, within } from '../codec/structures.ts'
import { VCARD4 } from './namespaces.ts'

const list = (element: string) => within(element, VCARD4, texts('text'))
const integers = (element: string) => within(element, VCARD4, texts('integer'))

const parameters = payload('Vcard4Parameters', 'parameters', VCARD4, {
  types: list('type'),
  preference: text(string, 'pref'),
  preferences: integers('pref'),
  language: within('language', VCARD4, texts('language-tag')),
  altId: list('altid'),
  propertyIds: list('pid'),
  mediaType: list('mediatype'),
  calendarScale: list('calscale'),
  sortAs: list('sort-as'),
  geo: within('geo', VCARD4, texts('uri')),
  timeZone: list('tz'),
  label: list('label'),
})

/** One value in one of the forms that RFC 6351 has; most properties have text or uri. */
const property = (element: string) =>
  payload('Vcard4Property', element, VCARD4, {
    parameters: one(parameters),
    texts: texts('text'),
    uris: texts('uri'),
    date: text(),
    dateTime: text(string, 'date-time'),
    time: text(),
    timestamp: text(),
    languageTag: text(string, 'language-tag'),
    utcOffset: text(string, 'utc-offset'),
    boolean: text(boolean),
    integer: text(),
    float: text(),
  })

const base = property('fn')
const values = (element: string) => many(element === 'fn' ? base : likewise(base, property(element)))

const name = payload('Vcard4Name', 'n', VCARD4, {
  parameters: one(parameters),
  surnames: texts('surname'),
  given: texts('given'),
  additional: texts('additional'),
  prefixes: texts('prefix'),
  suffixes: texts('suffix'),
})

const address = payload('Vcard4Address', 'adr', VCARD4, {
  parameters: one(parameters),
  postOfficeBox: texts('pobox'),
  extended: texts('ext'),
  street: texts('street'),
  locality: texts('locality'),
  region: texts('region'),
  postalCode: texts('code'),
  country: texts('country'),
})

const properties = {
  fullNames: values('fn'),
  names: many(name),
  nicknames: values('nickname'),
  photos: values('photo'),
  birthdays: values('bday'),
  anniversaries: values('anniversary'),
  genders: many(
    payload('Vcard4Gender', 'gender', VCARD4, { parameters: one(parameters), sex: text(), sexes: list('sex'), identity: text() }),
  ),
  addresses: many(address),
  phoneNumbers: values('tel'),
  emails: values('email'),
  impps: values('impp'),
  languages: values('lang'),
  timeZones: values('tz'),
  geo: values('geo'),
  titles: values('title'),
  roles: values('role'),
  logos: values('logo'),
  organizations: values('org'),
  members: values('member'),
  related: values('related'),
  categories: values('categories'),
  notes: values('note'),
  products: values('prodid'),
  revisions: values('rev'),
  sounds: values('sound'),
  uids: values('uid'),
  clientPropertyIds: many(
    payload('Vcard4ClientPid', 'clientpidmap', VCARD4, { parameters: one(parameters), sourceId: text(string, 'sourceid'), uri: text() }),
  ),
  urls: values('url'),
  keys: values('key'),
  busyUrls: values('fburl'),
  calendarAddresses: values('caladruri'),
  calendars: values('caluri'),
  kinds: values('kind'),
  sources: values('source'),
}

const group = payload('Vcard4Group', 'group', VCARD4, { name: attribute(), ...properties, elements: elements() })

export const vcard4 = define(
  'vcard4',
  ['iq', 'item'],
  payload('Vcard4', 'vcard', VCARD4, { ...properties, groups: many(group), elements: elements() }),
)
