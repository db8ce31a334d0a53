import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { capabilities, shownBy } from '../../src/features/own-capabilities.ts'
import type { Capabilities, Onlookers } from '../../src/features/own-presence.ts'
import { incomingPresence } from '../../src/features/presence/incoming.ts'
import { presence } from '../../src/features/presence/index.ts'
import { ownPresence } from '../../src/features/presence/own.ts'
import { type Joined, joined, presences } from '../../src/gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../src/gateway/contract/session.ts'
import { byName } from '../../src/gateway/contract/state-kind.ts'
import type { Change } from '../../src/gateway/ports/change.ts'
import { createMirror } from '../../src/gateway/session/mirror.ts'
import { definitions } from '../../src/protocol/index.ts'
import type { Element } from '../../src/xml/element.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'

const vocabulary = createTranslator(definitions)
const room = 'verona@rooms.lit'
const onlookers: Onlookers = { shown() {}, hide: async () => {} }
const shown: Capabilities = ({ record }) => capabilities(['urn:a', ...shownBy(record)])
const muc = '<x xmlns="http://jabber.org/protocol/muc"/>'

/** A session whose own presence goes where `sent` is. */
function start() {
  const state = createMirror(new Map())
  const sent: Element[] = []
  const session = {
    record: { jid: 'romeo@montague.lit', handles: [] as string[], presence: {}, createdAt: 0 },
    state,
    isOwn: () => false,
    online: () => true,
    commit: async (change: Change) => {
      state.apply(change)
      return []
    },
    send: async (stanza: Element) => void sent.push(stanza),
    repeated: {
      write: async (_: string, stanza: Element) => {
        sent.push(stanza)
        return { taken: Promise.resolve() }
      },
      forget() {},
      isOnItsWay: () => true,
      isOpen: () => false,
    },
    vocabulary,
  } as unknown as LiveSession
  const own = ownPresence({ capabilities: shown, onlookers })
  const run = (name: string, args: unknown) =>
    own.commands.find((command) => command.name === name)!.run(session, args as never, { timeout: 1 })
  const show = (to: string, inner = '', attributes = '') =>
    run('presence.send', { xml: `<presence to="${to}"${attributes}>${inner}</presence>` })
  const comes = (xml: string) => {
    const effect = incomingPresence({ stanza: parseStanza(xml), connection: 0 }, session, vocabulary)
    state.apply({ state: effect?.state ?? [] })
  }
  return { session, sent, show, run, comes, own, inRoom: (): Joined | undefined => joined(state, room) }
}

test('a session is in a room from the time of joining on, whatever it shows there, until it leaves', async () => {
  const { show, inRoom } = start()
  assert.equal(inRoom(), undefined)
  await show(`${room}/romeo`, muc)
  const first = inRoom()
  assert.ok(first)
  await new Promise((resolve) => setTimeout(resolve, 2))
  await show(`${room}/romeo`, '<show>away</show>')
  await show(`${room}/montague`)
  await show(`${room}/romeo`, muc)
  assert.deepEqual(inRoom(), first)
  await show(`${room}/montague`, '', ' type="unavailable"')
  assert.equal(inRoom(), undefined)
  await show('nurse@capulet.lit/x')
  assert.equal(inRoom(), undefined)
})

test('a join that is refused is none; a nick that is refused later is no leave', async () => {
  const { show, comes, inRoom } = start()
  const refused = (nick: string) => comes(`<presence from="${room}/${nick}" type="error">${muc}<error type="cancel"/></presence>`)
  await show(`${room}/romeo`, muc)
  refused('romeo')
  assert.equal(inRoom(), undefined)
  await show(`${room}/romeo`, muc)
  comes(`<presence from="${room}/romeo"/>`)
  await show(`${room}/juliet`)
  refused('juliet')
  assert.ok(inRoom())
  comes(`<presence from="${room}" type="error"><error type="cancel"/></presence>`)
  assert.equal(inRoom(), undefined)
})

test('who is put out of a room is not in it; who has another nick is', async () => {
  const { show, comes, inRoom } = start()
  const gone = (...codes: number[]) => {
    const statuses = codes.map((code) => `<status code="${code}"/>`).join('')
    comes(`<presence from="${room}/romeo" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user">${statuses}</x></presence>`)
  }
  await show(`${room}/romeo`, muc)
  gone(110, 303)
  gone(307)
  gone()
  assert.ok(inRoom())
  gone(110, 307)
  assert.equal(inRoom(), undefined)
})

test('of more presence than is remembered that of contacts goes last, whatever their names are', () => {
  const contact = '\u263a@capulet.lit'
  const state = createMirror(new Map(), { kinds: byName(presence({ capabilities: shown, onlookers }).keeps ?? []) })
  const set = (key: string) => state.apply({ state: [{ kind: 'presence', key, value: { status: 'x'.repeat(1_000_000) } }] })
  state.apply({ state: [{ kind: 'roster', key: contact, value: {} }] })
  for (const key of [`${contact}/a`, ...Array.from({ length: 20 }, (_, index) => `\u2665${index}@evil.lit/a`), `${contact}/b`]) set(key)
  const left = [...state.all(presences).keys()]
  assert.ok(left.length < 10 && left.includes(`${contact}/a`) && left.includes(`${contact}/b`))
})

test('the presence is shown again when the session can do something else, and only then', async () => {
  const { session, sent, own, run } = start()
  const shown = () => sent.splice(0).map((stanza) => /ver="([^"]*)"/.exec(serialize(stanza))?.[1])
  await own.appear(session)
  const [before] = shown()
  assert.ok(before)
  await own.changed(session)
  await own.online(session)
  assert.deepEqual(shown(), [])
  session.record.handles.push('urn:b')
  await own.changed(session)
  const [after, ...more] = shown()
  assert.ok(after && after !== before)
  assert.deepEqual(more, [])
  session.record.handles.push('urn:c')
  await own.online(session)
  assert.equal(shown().length, 1, 'changed while it was away')
  await run('presence.set', { presence: false })
  shown()
  session.record.handles.pop()
  await own.changed(session)
  assert.deepEqual(shown(), [])
})
