/** XEP-0313: Message Archive Management, version 1.1.3; metadata and paging included; the preferences are XEP-0441 */
import { define } from '../codec/definition.ts'
import { attribute, flag, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, string, timestamp } from '../codec/scalars.ts'
import { MAM } from './namespaces.ts'
import { form } from './xep0004.ts'
import { resultSet } from './xep0059.ts'
import { forwardedStanza } from './xep0297.ts'

const end = { id: attribute(), timestamp: attribute(timestamp) }

export const archiveQuery = payload('ArchiveQuery', 'query', MAM, {
  queryId: attribute(string, 'queryid'),
  node: attribute(),
  form: one(form),
  paging: one(resultSet),
  flipPage: flag('flip-page'),
})

export const archive = [
  define(
    'archived',
    ['message'],
    payload('ArchiveResult', 'result', MAM, { queryId: attribute(string, 'queryid'), id: attribute(), forwarded: one(forwardedStanza) }),
  ),
  define('archiveQuery', ['iq'], archiveQuery),
  define(
    'archiveFin',
    ['iq'],
    payload('ArchiveFin', 'fin', MAM, {
      queryId: attribute(string, 'queryid'),
      complete: attribute(boolean),
      stable: attribute(boolean),
      paging: one(resultSet),
    }),
  ),
  define(
    'archiveMetadata',
    ['iq'],
    payload('ArchiveMetadata', 'metadata', MAM, {
      start: one(payload('ArchiveStart', 'start', MAM, end)),
      end: one(payload('ArchiveEnd', 'end', MAM, end)),
    }),
  ),
]
