/** XEP-0447: Stateless file sharing, version 0.3.1; the sources are those of XEP-0103 and XEP-0358 */
import { member } from '../codec/definition.ts'
import { attribute, many, one, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, oneOf } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { file } from './xep0446.ts'

const SFS = 'urn:xmpp:sfs:0'

const url = payload('UrlSource', 'url-data', 'http://jabber.org/protocol/url-data', {
  target: required(attribute()),
  elements: elements(),
})

const jingle = payload('JingleSource', 'jinglepub', 'urn:xmpp:jinglepub:1', {
  from: attribute(jid),
  id: attribute(),
  elements: elements(),
})

const places = { id: attribute(), urls: many(url), jingle: many(jingle), elements: elements() }

const sharing = payload('FileSharing', 'file-sharing', SFS, {
  id: attribute(),
  disposition: attribute(oneOf('inline', 'attachment')),
  file: one(file),
  sources: one(payload('FileSharingSources', 'sources', SFS, places)),
})

export const fileSharing = [
  member('fileSharing', ['message'], many(sharing)),
  member('fileSources', ['message'], many(payload('FileSources', 'sources', SFS, places))),
]
