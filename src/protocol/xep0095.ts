/** XEP-0095: Stream Initiation, version 1.2; with the file of XEP-0096 and the choice of a stream of XEP-0020 */
import { define } from '../codec/definition.ts'
import { attribute, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string, timestamp } from '../codec/scalars.ts'
import { within } from '../codec/structures.ts'
import { form } from './xep0004.ts'

const SI = 'http://jabber.org/protocol/si'
const TRANSFER = `${SI}/profile/file-transfer`
const size = integer(0, Number.MAX_SAFE_INTEGER)

const file = payload('TransferFile', 'file', TRANSFER, {
  name: attribute(),
  size: attribute(size),
  date: attribute(timestamp),
  hash: attribute(),
  description: text(string, 'desc'),
  range: one(payload('TransferRange', 'range', TRANSFER, { offset: attribute(size), length: attribute(size) })),
})

export const streamInitiation = define(
  'streamInitiation',
  ['iq'],
  payload('StreamInitiation', 'si', SI, {
    id: attribute(),
    mediaType: attribute(string, 'mime-type'),
    profile: attribute(),
    file: one(file),
    feature: within('feature', 'http://jabber.org/protocol/feature-neg', one(form)),
  }),
)
