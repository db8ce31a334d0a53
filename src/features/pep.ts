/** What accounts keep at home for those who may see it (XEP-0163). Runs on the owner. */
import { Problem } from '../errors/problem.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { isRefusal } from '../gateway/session/iq-correlator.ts'
import { DATA_FORM, PUBSUB } from '../protocol/namespaces.ts'
import { child, type Element, element, elements } from '../xml/element.ts'

/** ms that a question about a node may take, and longer where the answer is on its way still */
const ASK_WITHIN = { timeout: 15_000, most: 60_000 }
/** bytes of an answer of the own server */
const ANSWER = 1024 * 1024

export interface Place {
  node: string
  id?: string
}

/** Asks in the name of the account. Rejects as `iq` does. */
export async function askPlainly(session: LiveSession, request: { type: 'get' | 'set'; to?: string; payload: Element }): Promise<Element> {
  return await session.large(ANSWER, (room) => session.iq(request, { ...ASK_WITHIN, room }))
}

/** What an item of a node of somebody holds, by default the last one of the own account's; undefined where there is none to be seen. */
export async function readItem(
  session: LiveSession,
  { node, id, from }: Place & { from?: string | undefined },
): Promise<Element | undefined> {
  const items = element(
    'items',
    PUBSUB,
    { node, ...(id === undefined && { max_items: '1' }) },
    id === undefined ? [] : [element('item', PUBSUB, { id })],
  )
  const payload = element('pubsub', PUBSUB, {}, [items])
  const answer = await askPlainly(session, { type: 'get', payload, ...(from !== undefined && { to: from }) }).catch(unlessRefused)
  const found = child(child(answer ?? payload, 'pubsub', PUBSUB) ?? payload, 'items')
  const item = found && elements(found).find(({ name, attributes }) => name === 'item' && (id === undefined || attributes.id === id))
  return item && elements(item)[0]
}

/** Rejects as `iq` does. `options`: what the node has to be like (XEP-0060 section 7.1.5). */
export async function publish(
  session: LiveSession,
  { node, id, payload, options }: Required<Place> & { payload: Element; options?: Readonly<Record<string, string>> },
): Promise<void> {
  const item = element('item', PUBSUB, { id }, [payload])
  const parts = [
    element('publish', PUBSUB, { node }, [item]),
    options && element('publish-options', PUBSUB, {}, [form('publish-options', options)]),
  ]
  await askPlainly(session, { type: 'set', payload: element('pubsub', PUBSUB, {}, parts) })
}

/** for the own eyes, all items, and told to nobody who was not there */
const own = { persist_items: 'true', max_items: 'max', send_last_published_item: 'never', access_model: 'whitelist' }

/** Publishes what is for the own eyes alone. Rejects as `iq` does, with xmpp-conflict where others may see the node. */
export async function publishPrivately(session: LiveSession, what: Required<Place> & { payload: Element }): Promise<void> {
  try {
    await publish(session, { ...what, options: own })
  } catch (error) {
    if (!(error instanceof Problem) || error.options.xmpp === undefined || error.code === 'xmpp-conflict') throw error
    // some know few options: the node is made as it has to be, and the one that matters asked for
    const { node } = what
    const parts = [element('create', PUBSUB, { node }), element('configure', PUBSUB, {}, [form('node_config', own)])]
    const create = { type: 'set', payload: element('pubsub', PUBSUB, {}, parts) } as const
    await askPlainly(session, create).catch(unlessRefused)
    await publish(session, { ...what, options: { access_model: own.access_model } })
  }
}

function form(type: string, options: Readonly<Record<string, string>>): Element {
  const field = (name: string, value: string, kind?: string) =>
    element('field', DATA_FORM, { var: name, type: kind }, [element('value', DATA_FORM, {}, [value])])
  return element('x', DATA_FORM, { type: 'submit' }, [
    field('FORM_TYPE', `${PUBSUB}#${type}`, 'hidden'),
    ...Object.entries(options).map(([name, value]) => field(`pubsub#${name}`, value)),
  ])
}

/** A refusal says that there is nothing to be seen; no answer says nothing. */
export function unlessRefused(thrown: unknown): undefined {
  if (!isRefusal(thrown) || !(thrown instanceof Problem) || thrown.code === 'xmpp-timeout') throw thrown
}
