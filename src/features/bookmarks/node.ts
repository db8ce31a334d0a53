/** The node of the account that has its bookmarks (XEP-0402 section 3). */
import { Problem, stanzaProblem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { isRefusal } from '../../gateway/session/iq-correlator.ts'
import { jidIfValid } from '../../jid.ts'
import { BOOKMARKS, DATA_FORM, PUBSUB } from '../../protocol/namespaces.ts'
import { child, childText, type Element, element, elements, withAttributes } from '../../xml/element.ts'
import type { Bookmark } from '../bookmark-state.ts'
import { askInfo, featuresOf } from '../discovery.ts'

/** ms for an answer of the own server */
const WITHIN = { timeout: 20_000, most: 60_000 }

const OWNER = `${PUBSUB}#owner`

/** For the own eyes alone, and for good. */
const essential = { persist_items: 'true', access_model: 'whitelist' }
/** All of them kept, none sent unasked (section 3.3); not every server takes all of that, or the word `max`. */
const settings = (most: string) => ({ ...essential, max_items: most, send_last_published_item: 'never' })
const MOST = ['max', '255']

const ask = (session: LiveSession, type: 'get' | 'set', payload: Element) => session.iq({ type, payload }, WITHIN)

/** A bookmark as the node has it. */
export type ReadBookmark = Bookmark & { password?: string }

/** All bookmarks, by room. Rejects with the server's problem. */
export async function readBookmarks(session: LiveSession): Promise<Map<string, ReadBookmark>> {
  const answer = await itemsOf(session)
  return new Map(answer.flatMap((item) => entryOf(item) ?? []))
}

async function itemsOf(session: LiveSession, id?: string): Promise<Element[]> {
  const wanted = id === undefined ? [] : [element('item', PUBSUB, { id })]
  const payload = element('pubsub', PUBSUB, {}, [element('items', PUBSUB, { node: BOOKMARKS }, wanted)])
  const answer = await ask(session, 'get', payload).catch(unlessMissing)
  const items = answer && child(child(answer, 'pubsub', PUBSUB) ?? answer, 'items', PUBSUB)
  return items ? elements(items) : []
}

/** One bookmark, of the node or of what tells of it; undefined where it is none. */
export function entryOf(item: Element): [room: string, ReadBookmark][] | undefined {
  const room = jidIfValid(item.attributes.id ?? '')
  const conference = child(item, 'conference', BOOKMARKS)
  if (!conference || !room?.includes('@') || room.includes('/')) return undefined
  const { autojoin } = conference.attributes
  const nick = childText(conference, 'nick')
  const password = childText(conference, 'password')
  return [[room, { autojoin: autojoin === 'true' || autojoin === '1', ...(nick && { nick }), ...(password && { password }) }]]
}

/** Says that all clients of the account are to join it; what else the bookmark has stays. Rejects with the server's problem. */
export async function publish(session: LiveSession, room: string, { nick, password }: { nick: string; password?: string }): Promise<void> {
  const [known] = await itemsOf(session, room)
  const before = (known && child(known, 'conference', BOOKMARKS)) ?? element('conference', BOOKMARKS)
  const rest = elements(before).filter(
    ({ name, xmlns }) => xmlns !== BOOKMARKS || (name !== 'nick' && (name !== 'password' || password === undefined)),
  )
  const words = [
    element('nick', BOOKMARKS, {}, [nick]),
    password === undefined ? undefined : element('password', BOOKMARKS, {}, [password]),
  ]
  const conference = withAttributes({ ...before, children: [...words.filter((one) => one !== undefined), ...rest] }, { autojoin: 'true' })

  // a server that does not know them would show it to all contacts
  if (!featuresOf(await askInfo(session, {})).includes(`${PUBSUB}#publish-options`))
    throw stanzaProblem({
      type: 'cancel',
      condition: 'feature-not-implemented',
      text: 'The server cannot keep bookmarks for the own eyes (XEP-0402).',
    })
  const item = element('item', PUBSUB, { id: room }, [conference])
  await put(session, item, settings('max')).catch(async (thrown: unknown) => {
    if (!isRefusal(thrown)) throw thrown
    // the node is another client's, with settings of its own, or the server knows fewer of them
    await configure(session)
    await put(session, item, essential)
  })
}

async function put(session: LiveSession, item: Element, options: Readonly<Record<string, string>>): Promise<void> {
  const publish = element('publish', PUBSUB, { node: BOOKMARKS }, [item])
  const conditions = element('publish-options', PUBSUB, {}, [form(`${PUBSUB}#publish-options`, options)])
  await ask(session, 'set', element('pubsub', PUBSUB, {}, [publish, conditions]))
}

/** Makes the node, or brings the one there is into its form, as far as the server can. */
async function configure(session: LiveSession): Promise<void> {
  for (const most of MOST) {
    const config = form(`${PUBSUB}#node_config`, { ...settings(most), notify_retract: 'true' })
    const make = [element('create', PUBSUB, { node: BOOKMARKS }), element('configure', PUBSUB, {}, [config])]
    try {
      await ask(session, 'set', element('pubsub', PUBSUB, {}, make)).catch(async (thrown: unknown) => {
        if (!isRefusal(thrown) || thrown.code !== 'xmpp-conflict') throw thrown
        await ask(session, 'set', element('pubsub', OWNER, {}, [element('configure', OWNER, { node: BOOKMARKS }, [config])]))
      })
      return
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
  }
}

function form(type: string, options: Readonly<Record<string, string>>): Element {
  const field = (name: string, value: string, kind?: string) =>
    element('field', DATA_FORM, { var: name, type: kind }, [element('value', DATA_FORM, {}, [value])])
  const fields = Object.entries(options).map(([name, value]) => field(`pubsub#${name}`, value))
  return element('x', DATA_FORM, { type: 'submit' }, [field('FORM_TYPE', type, 'hidden'), ...fields])
}

export async function retract(session: LiveSession, room: string): Promise<void> {
  const items = element('retract', PUBSUB, { node: BOOKMARKS, notify: 'true' }, [element('item', PUBSUB, { id: room })])
  await ask(session, 'set', element('pubsub', PUBSUB, {}, [items])).catch(unlessMissing)
}

function unlessMissing(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || thrown.code !== 'xmpp-item-not-found') throw thrown
}
