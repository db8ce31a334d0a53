/** Publishing with options: what is to be private must not reach a service that would not keep it so (XEP-0060 section 7.1.5). */
import { Problem } from '../../errors/problem.ts'
import type { SessionCall } from '../../gateway/contract/operation.ts'
import { BOOKMARKS, DISCO_INFO, DISPLAYED, STORED_BOOKMARKS } from '../../protocol/namespaces.ts'
import { PUBLISH_OPTIONS } from '../../protocol/xep0060.ts'
import { element, elements } from '../../xml/element.ts'
import { ask } from '../asking.ts'
import type { Configuration } from './configuration.ts'

/** nodes of the own account that are for its own eyes, also where nobody says so */
const ownNodes = new Set([BOOKMARKS, STORED_BOOKMARKS, DISPLAYED])

/** With which options something is published; undefined: with none. */
export function optionsFor(node: string, to: string | undefined, given: Configuration | undefined): Configuration | undefined {
  if (to !== undefined || !ownNodes.has(node)) return given
  return { accessModel: 'whitelist', persistItems: true, ...given }
}

/** Rejects with xmpp-feature-not-implemented where the service would publish without looking at the options. */
export async function mustHeedOptions(call: Pick<SessionCall, 'session' | 'signal'>, to: string | undefined): Promise<void> {
  // an account says what its PEP service can do (XEP-0163 section 6.1)
  const info = await ask(call, { type: 'get', to: to ?? call.session.record.jid, payload: element('query', DISCO_INFO) })
  const heeds = info && elements(info).some(({ name, attributes }) => name === 'feature' && attributes.var === PUBLISH_OPTIONS)
  if (heeds) return
  throw new Problem(
    'xmpp-feature-not-implemented',
    'The service does not heed publish-options: what is published could be seen by others than was said. Nothing was published.',
  )
}
