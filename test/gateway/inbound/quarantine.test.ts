import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createQuarantine } from '../../../src/gateway/inbound/quarantine.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { createClock, limits, ownedSession, stateOf } from '../../store/sample.ts'

const stanza = (attributes: string, more = '') => parseStanza(`<message ${attributes}><body a="1" b="2">x</body>${more}</message>`)
const live = stanza('from="a@x.lit/1" id="1" type="chat"')
const written = stanza('type="chat" id="1" from="a@x.lit/1"', '<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>')

test('one that ends while it waits for its turn does not keep the others waiting', { timeout: 10_000 }, async () => {
  const clock = createClock()
  const quarantine = createQuarantine({ store: createMemoryStore({ limits, clock }), clock, kinds: new Map() })
  const watched = (commit: () => Promise<unknown>) => {
    const state = createMirror(new Map([['quarantine', new Map([['deaths', 3]])]]))
    return quarantine.watch({ state, jid: () => 'romeo@example.org', commit, isQuiet: () => false, onError: () => undefined })
  }
  const [first, second, third] = [watched(async () => []), watched(async () => assert.fail('it went elsewhere')), watched(async () => [])]
  await first.begin(live)
  const waiting = second.begin(live)
  second.stop()
  await first.done()
  await assert.rejects(waiting)
  assert.equal(await third.begin(live), undefined)
  for (const watch of [first, third]) watch.stop()
})

test('what was in hand when two owners went is left out, however its server writes it the next time', async (t) => {
  const clock = createClock()
  const store = createMemoryStore({ limits, clock })
  const { id, fence, record } = await ownedSession(store)
  const quarantine = createQuarantine({ store, clock, kinds: new Map() })
  async function next() {
    const up = await quarantine.takeUp(record, { fence, died: true })
    up()
    const state = createMirror(await stateOf(store, id))
    const watch = quarantine.watch({
      state,
      jid: () => record.jid,
      commit: async (change) => {
        state.apply(change)
        await store.commit(id, fence, change)
      },
      isQuiet: () => false,
      onError: (error) => assert.fail(String(error)),
    })
    t.after(() => watch.stop())
    // it notes first that what the session knows is read
    for (let turns = 0; turns < 3; turns += 1) await turn()
    return watch
  }
  assert.equal(await (await next()).begin(live), undefined)
  for (const one of [live, written]) {
    const watch = await next()
    assert.deepEqual([watch.isAlone(), await watch.begin(one)], [true, undefined])
    // its process ends with it in hand: nobody else of that process waits any more
    watch.stop()
  }
  const last = await next()
  const print = await last.begin(written)
  assert.ok(print)
  assert.equal(await last.begin(live), print)
  assert.equal(await last.begin(stanza('from="a@x.lit/1" id="2" type="chat"')), undefined)
})
