/** The two forms: vCard4 (XEP-0292, a PEP node) and vcard-temp (XEP-0054). */
import { VCARD_TEMP, VCARD4 } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'
import { type Format, innerText, type Place, place, withInner } from './card.ts'

/** what a `tel:` URI can say as it is */
const plainNumber = /^\+?[\d().-]+$/

const phone: Place = {
  names: ['tel'],
  read: (of) => innerText(of, 'uri')?.replace(/^tel:/i, '') ?? innerText(of, 'text'),
  write(of, value) {
    const isPlain = plainNumber.test(value)
    const bare = withInner(of, isPlain ? 'text' : 'uri', undefined)
    return withInner(bare, isPlain ? 'uri' : 'text', isPlain ? `tel:${value}` : value)
  },
}

const birthday: Place = {
  names: ['bday'],
  read: (of) => innerText(of, 'date') ?? innerText(of, 'date-time') ?? innerText(of, 'text'),
  write: (of, value) => withInner({ ...of, children: [] }, /^[\dT:Z+-]+$/.test(value) ? 'date' : 'text', value),
}

export const vcard4: Format = {
  empty: element('vcard', VCARD4),
  singles: {
    displayName: place(['fn'], 'text'),
    nick: place(['nickname'], 'text'),
    org: place(['org'], 'text'),
    title: place(['title'], 'text'),
    birthday,
    note: place(['note'], 'text'),
  },
  lists: { emails: place(['email'], 'text'), phones: phone, urls: place(['url'], 'uri') },
  name: { element: 'n', given: 'given', family: 'surname' },
}

export const vcardTemp: Format = {
  empty: element('vCard', VCARD_TEMP),
  singles: {
    displayName: place(['FN']),
    nick: place(['NICKNAME']),
    org: place(['ORG'], 'ORGNAME'),
    title: place(['TITLE']),
    birthday: place(['BDAY']),
    note: place(['DESC', 'NOTE']),
  },
  lists: { emails: place(['EMAIL'], 'USERID'), phones: place(['TEL'], 'NUMBER'), urls: place(['URL']) },
  name: { element: 'N', given: 'GIVEN', family: 'FAMILY' },
}
