/** XEP-0363: HTTP File Upload, version 1.2.0 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, content, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string, timestamp } from '../codec/scalars.ts'
import { UPLOAD } from './namespaces.ts'

const PURPOSE = 'urn:xmpp:http:upload:purpose:0'
const size = integer(0, Number.MAX_SAFE_INTEGER)

const purpose = choice({
  message: payload('UploadForMessage', 'message', PURPOSE, {}),
  profile: payload('UploadForProfile', 'profile', PURPOSE, {}),
  ephemeral: payload('UploadEphemeral', 'ephemeral', PURPOSE, { expireBefore: attribute(timestamp, 'expire-before') }),
  permanent: payload('UploadPermanent', 'permanent', PURPOSE, {}),
})

const header = payload('UploadHeader', 'header', UPLOAD, { name: attribute(), value: content() })

export const uploads = [
  define(
    'uploadRequest',
    ['iq'],
    payload('UploadRequest', 'request', UPLOAD, {
      fileName: attribute(string, 'filename'),
      size: attribute(size),
      mediaType: attribute(string, 'content-type'),
      purpose: one(purpose),
    }),
  ),
  define(
    'uploadSlot',
    ['iq'],
    payload('UploadSlot', 'slot', UPLOAD, {
      put: one(payload('UploadPut', 'put', UPLOAD, { url: attribute(), headers: many(header) })),
      get: one(payload('UploadGet', 'get', UPLOAD, { url: attribute() })),
    }),
  ),
]
