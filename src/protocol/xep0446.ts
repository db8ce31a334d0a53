/** XEP-0446: File metadata element, version 0.2.0; XEP-0234 has the same in its own namespace */
import { define } from '../codec/definition.ts'
import { attributeOf, languages, many, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string, timestamp } from '../codec/scalars.ts'
import { thumbnail } from './xep0264.ts'
import { HASHES, hash } from './xep0300.ts'

const fields = {
  name: text(),
  mediaType: text(string, 'media-type'),
  size: text(integer(0, Number.MAX_SAFE_INTEGER)),
  date: text(timestamp),
  description: text(string, 'desc'),
  descriptions: languages('desc'),
  width: text(integer(0, 4_294_967_295)),
  height: text(integer(0, 4_294_967_295)),
  length: text(integer(0, Number.MAX_SAFE_INTEGER)),
  hashes: many(hash),
  hashUsed: attributeOf('hash-used', 'algo', string, HASHES),
  thumbnails: many(thumbnail),
}

export const file = payload('FileMetadata', 'file', 'urn:xmpp:file:metadata:0', fields)
export const jingleFile = payload('JingleFile', 'file', 'urn:xmpp:jingle:apps:file-transfer:5', fields)

export const fileMetadata = define('fileMetadata', ['message'], file)
