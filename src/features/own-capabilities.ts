/** What the gateway says of itself: service discovery (XEP-0030) and entity capabilities (XEP-0115). */
import { createHash } from 'node:crypto'
import { elementOf } from '../codec/alone.ts'
import type { SessionRecord } from '../gateway/ports/session-record.ts'
import { BOOKMARKS, DISPLAYED } from '../protocol/namespaces.ts'
import { discoInfo as info } from '../protocol/xep0030.ts'
import { entityCapabilities } from '../protocol/xep0115.ts'
import type { Element } from '../xml/element.ts'

export const NODE = 'urn:stanzagate'
const identity = { category: 'client', type: 'bot', name: 'stanzagate' }

/** What a session shows beside what all of them do: what its callers answer, and which nodes it listens to (XEP-0163 section 3). */
export function shownBy({
  handles,
  notify = [],
  bookmarks,
  mds,
}: Pick<SessionRecord, 'handles' | 'notify' | 'bookmarks' | 'mds'>): string[] {
  const nodes = [...notify, ...(bookmarks ? [BOOKMARKS] : []), ...(mds ? [DISPLAYED] : [])]
  return [...handles, ...nodes.map((node) => `${node}+notify`)]
}

/** The answer to disco#info; `node` is repeated where it was asked for. */
export function discoInfo(features: readonly string[], node?: string): Element {
  return elementOf(info, { ...(node === undefined ? {} : { node }), identities: [identity], features: sorted(features) })
}

/** The hash of that answer (XEP-0115 section 5.1). */
export function verification(features: readonly string[]): string {
  const { category, type, name } = identity
  const text = [`${category}/${type}//${name}`, ...sorted(features)].map((part) => `${part}<`).join('')
  return createHash('sha1').update(text).digest('base64')
}

/** Goes into every own available presence. */
export function capabilities(features: readonly string[]): Element {
  return elementOf(entityCapabilities, { algorithm: 'sha-1', node: NODE, value: verification(features) })
}

function sorted(features: readonly string[]): string[] {
  return [...new Set(features)].sort()
}
