import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createArchive } from '../../src/gateway/archive.ts'
import type { LiveSession } from '../../src/gateway/feature.ts'
import { CLIENT, type Element, element } from '../../src/stanza/element.ts'
import { parseStanza } from '../../src/stanza/parse.ts'

const own = 'romeo@montague.lit'
const full = `${own}/orchard`

const result = (from: string | undefined, queryid: string, body = 'x') =>
  parseStanza(
    `<message ${from === undefined ? '' : `from="${from}"`} to="${full}"><result xmlns="urn:xmpp:mam:2" queryid="${queryid}" id="s1"><forwarded xmlns="urn:xmpp:forward:0">` +
      `<delay xmlns="urn:xmpp:delay" stamp="2024-01-01T00:00:00Z"/><message xmlns="jabber:client" from="juliet@capulet.lit/b"><body>${body}</body></message></forwarded></result></message>`,
  )

/** An archive whose queries are answered after `during` was let in; `forged` holds what was counted. */
function archiveOf(
  during: (queryid: string, take: (message: Element) => boolean) => void,
  fin: Record<string, string> = { complete: 'true' },
) {
  const forged: string[] = []
  const session = {
    record: { id: 'ses_x', jid: own },
    iq: async ({ payload }: { payload: Element }) => {
      during(payload.attributes.queryid as string, archive.take)
      return element('iq', CLIENT, { type: 'result' }, [element('fin', 'urn:xmpp:mam:2', fin)])
    },
  } as unknown as LiveSession
  const archive = createArchive({ session, onForged: (kind) => forged.push(kind) })
  return { archive, forged }
}

test('T3: a result counts from the own account, for a query that is open, before its end', async () => {
  const others = ['mallory@evil.lit', 'juliet@capulet.lit', full, 'montague.lit', '@/']
  let last = ''
  const { archive, forged } = archiveOf((queryid, take) => {
    last = queryid
    for (const from of others) assert.ok(take(result(from, queryid, 'forged')))
    assert.ok(take(result(own, 'guessed', 'forged')))
    assert.ok(take(result(undefined, 'guessed', 'forged')))
    assert.ok(take(result(own, queryid, 'one')))
    assert.ok(take(result(undefined, queryid, 'two')))
    assert.ok(take(result('Romeo@Montague.LIT', queryid, 'three')))
  })
  const { items } = await archive.page({ limit: 10 }, { timeout: 1_000 })
  assert.deepEqual(
    items.map(({ stanza }) => (stanza.children[0] as Element).children[0]),
    ['one', 'two', 'three'],
  )
  assert.ok(archive.take(result(own, last, 'late')))
  assert.equal(items.length, 3)
  assert.equal(forged.length, others.length + 3)
})

test('T3: more results than were asked for are not followed', async () => {
  const { archive, forged } = archiveOf((queryid, take) => {
    for (let index = 0; index < 5; index += 1) take(result(own, queryid))
  })
  assert.equal((await archive.page({ limit: 2 }, { timeout: 1_000 })).items.length, 2)
  assert.equal(forged.length, 3)
})

test('a page whose ends are not named ends with its messages', async () => {
  const { archive } = archiveOf((queryid, take) => take(result(own, queryid)), {})
  const { items, ...page } = await archive.page({ limit: 2 }, { timeout: 1_000 })
  assert.deepEqual([items.length, page], [1, { complete: false, first: 's1', last: 's1' }])
  const empty = archiveOf(() => undefined, { complete: '1' })
  assert.deepEqual(await empty.archive.page({ limit: 2 }, { timeout: 1_000 }), { items: [], complete: true })
})

test('what is no result is left to others', () => {
  const { archive } = archiveOf(() => undefined)
  assert.equal(archive.take(parseStanza(`<message from="${own}"><body>hi</body></message>`)), false)
})
