import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readError } from '../../../src/codec/stanza-error.ts'
import type { Translator } from '../../../src/codec/translate.ts'
import type { Feature } from '../../../src/gateway/contract/feature.ts'
import type { Archived, LiveSession } from '../../../src/gateway/contract/session.ts'
import { byName } from '../../../src/gateway/contract/state-kind.ts'
import { createReceiver } from '../../../src/gateway/inbound/dispatch.ts'
import type { Watch } from '../../../src/gateway/inbound/quarantine.ts'
import { coreKinds } from '../../../src/gateway/session/core-kinds.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { child, type Element } from '../../../src/xml/element.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { createClock, limits, ownedSession } from '../../store/sample.ts'
import { unwatched } from '../unwatched.ts'

const own = 'romeo@montague.lit'

/** A receiver that tells what its rooms are shown, what it counts as forged, and what it answers. */
function receiving(handles: readonly string[] = [], watch: Watch = unwatched, others: readonly Feature[] = []) {
  const replies: Element[] = []
  const shown: string[] = []
  const forged: string[] = []
  const state = createMirror(new Map(), { kinds: byName(coreKinds) })
  const session = { record: { jid: own, handles }, state, isOwn: () => false, message: async () => undefined } as unknown as LiveSession
  const receiver = createReceiver({
    session,
    turn: () => undefined,
    watch,
    features: [
      {
        name: 'watching',
        message: async ({ stanza }) => void shown.push(stanza.attributes.id ?? ''),
        presence: ({ stanza }) => void shown.push(stanza.attributes.id ?? ''),
      },
      ...others,
    ],
    answers: new Map(),
    vocabulary: {} as Translator,
    archive: { take: () => false },
    remember: (change) => change,
    outbox: { confirm: () => undefined },
    wire: { reply: (_, stanza) => replies.push(stanza) },
    correlator: { answer: () => true },
    raised: { raise: () => undefined },
    resync: { seen: () => undefined },
    clock: { now: Date.now, monotonic: () => performance.now() },
    reports: {
      forged: (kind) => forged.push(kind),
      rejected: (reason) => assert.equal(reason, 'quarantined'),
      error: (error) => assert.fail(String(error)),
    },
  })
  return { receiver, shown, forged, replies, state }
}

const bookmarks = (from: string, id: string) =>
  `<message from="${from}" id="${id}"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="urn:xmpp:bookmarks:1"/></event></message>`
const carbon = (from: string, id: string) =>
  `<message from="${from}" id="${id}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message from="${own}/x"/></forwarded></sent></message>`
const plain = '<message from="mallory@evil.lit" id="plain"><body>hi</body></message>'

test('what is forged live is forged in the archive too, which goes on after it', async () => {
  const forgeries = [bookmarks('mallory@evil.lit', 'pep'), carbon('mallory@evil.lit', 'carbon')]
  const live = receiving()
  for (const xml of [...forgeries, plain]) await live.receiver.stanza({ connection: 0, stream: 's', at: '@1', time: 0 }, parseStanza(xml))
  const archived = receiving()
  const items = [...forgeries, plain].map((xml, index): Archived => ({ id: `a${index}`, stamp: '', stanza: parseStanza(xml) }))
  const { change } = await archived.receiver.archived(items)
  for (const { shown, forged } of [live, archived]) assert.deepEqual([shown, forged], [['plain'], ['pep', 'carbon']])
  assert.deepEqual(
    change.state?.map(({ value }) => (value as { id: string }).id),
    ['a0', 'a1', 'a2'],
  )
})

test('what a room claims is shown to no other, a message and a presence alike', async () => {
  const claimed: string[] = []
  const claiming = (name: string): Feature => ({
    name,
    claims: ({ stanza }) => stanza.attributes.from === 'verona@rooms.lit/nurse',
    message: ({ stanza }) => void claimed.push(`${name} ${stanza.attributes.id}`),
    presence: ({ stanza }) => void claimed.push(`${name} ${stanza.attributes.id}`),
  })
  const { receiver, shown } = receiving([], unwatched, [claiming('first'), claiming('second')])
  for (const kind of ['message', 'presence'])
    for (const [id, from] of [
      ['theirs', 'verona@rooms.lit/nurse'],
      ['ours', 'nurse@capulet.lit/x'],
    ])
      await receiver.stanza(
        { connection: 0, stream: 's', at: `@${kind}${id}`, time: 0 },
        parseStanza(`<${kind} id="${id}" from="${from}"/>`),
      )
  assert.deepEqual(claimed, ['first theirs', 'first ours', 'second ours', 'first theirs', 'first ours', 'second ours'])
  assert.deepEqual(shown, ['ours', 'ours'])
})

test('a request that too many wait before is refused for that, and one that nobody handles for that', async () => {
  const { receiver, replies } = receiving(['urn:x'])
  for (const xmlns of ['urn:x', 'urn:y']) {
    const xml = `<iq type="get" id="${xmlns}" from="juliet@capulet.lit/b"><q xmlns="${xmlns}"/></iq>`
    const { after } = await receiver.stanza({ connection: 0, stream: 's', at: '@1', time: 0 }, parseStanza(xml))
    for (const step of after) step()
  }
  assert.deepEqual(
    replies.map((reply) => {
      const { type, condition } = readError(child(reply, 'error'))
      return [reply.attributes.id, type, condition]
    }),
    [
      ['urn:x', 'wait', 'resource-constraint'],
      ['urn:y', 'cancel', 'service-unavailable'],
    ],
  )
})

test('what the own account tells counts from the archive as it does live', async () => {
  const { receiver, shown, forged } = receiving()
  await receiver.archived([{ id: 'a1', stamp: '', stanza: parseStanza(bookmarks(own, 'pep')) }])
  assert.deepEqual([shown, forged], [['pep'], []])
})

test('what waits for the archive is told after it, however much that is: nothing that the server was told of is forgotten', async () => {
  const { receiver, shown, state } = receiving()
  receiver.held.begin()
  const body = 'x'.repeat(100_000)
  const ids = Array.from({ length: 200 }, (_, n) => `m${n}`)
  for (const id of ids) {
    const stanza = parseStanza(`<message from="juliet@capulet.lit/b" id="${id}"><body>${body}</body></message>`)
    state.apply((await receiver.stanza({ connection: 0, stream: 's', at: `@${id}`, time: 0 }, stanza)).change)
  }
  assert.ok(shown.length < 60, 'more than is kept is told at once')
  for (let more = true; more; ) {
    const handled = await receiver.held.release()
    state.apply(handled.change)
    more = handled.more === true
  }
  assert.deepEqual(shown.toSorted(), ids.toSorted())
})

test('one that is left out is told once, by whichever ways it comes, and again where it comes twice by one', async () => {
  const { receiver, shown } = receiving([], { ...unwatched, isOn: () => true, begin: async () => 'print' })
  const store = createMemoryStore({ limits, clock: createClock() })
  const { id, fence } = await ownedSession(store)
  const gaps = async () => (await store.log.read(id, undefined, 100)).events.length
  const live = async (at: string) =>
    await store.commit(id, fence, (await receiver.stanza({ connection: 0, stream: 's', at, time: Date.now() }, parseStanza(plain))).change)
  await live('@1')
  const items = [{ id: 'a', stamp: new Date().toISOString(), stanza: parseStanza(plain) }]
  for (let page = 0; page < 2; page += 1) await store.commit(id, fence, { ...(await receiver.archived(items)).change, state: [] })
  assert.equal(await gaps(), 1)
  await live('@2')
  assert.deepEqual([await gaps(), shown], [2, []])
})
