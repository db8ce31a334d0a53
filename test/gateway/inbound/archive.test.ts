import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArchivePage, LiveSession } from '../../../src/gateway/contract/session.ts'
import { createArchive } from '../../../src/gateway/inbound/archive.ts'
import { CLIENT, type Element, element, text } from '../../../src/xml/element.ts'
import { parseStanza } from '../../../src/xml/parse.ts'

const own = 'romeo@montague.lit'
const full = `${own}/orchard`
const RSM = 'http://jabber.org/protocol/rsm'

const result = (from: string | undefined, queryid: string, body = 'x', id = 's1') =>
  parseStanza(
    `<message ${from === undefined ? '' : `from="${from}"`} to="${full}"><result xmlns="urn:xmpp:mam:2" queryid="${queryid}" id="${id}"><forwarded xmlns="urn:xmpp:forward:0">` +
      `<delay xmlns="urn:xmpp:delay" stamp="2024-01-01T00:00:00Z"/><message xmlns="jabber:client" from="juliet@capulet.lit/b"><body>${body}</body></message></forwarded></result></message>`,
  )

/** An archive whose queries are answered after `during` was let in; `forged` holds what was counted. */
function archiveOf(
  during: (queryid: string, take: (message: Element) => boolean) => void,
  fin: Record<string, string> = { complete: 'true' },
  ends: Record<string, string> = {},
) {
  let full = 0
  const set = element(
    'set',
    RSM,
    {},
    Object.entries(ends).map(([name, id]) => element(name, RSM, {}, [id])),
  )
  const forged: string[] = []
  const session = {
    record: { id: 'ses_x', jid: own },
    iq: async ({ payload }: { payload: Element }) => {
      during(payload.attributes.queryid as string, (message) => archive.take(message))
      return element('iq', CLIENT, { type: 'result' }, [element('fin', 'urn:xmpp:mam:2', fin, [set])])
    },
  } as unknown as LiveSession
  const archive = createArchive({ session, reports: { forged: (kind) => forged.push(kind), full: () => full++ } })
  return { archive, forged, full: () => full }
}

test('a result counts from the own account, for a query that is open, before its end', async () => {
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

test('more results than were asked for are not followed', async () => {
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

test('a page ends for its size, on the far side of where it began, and says that there is more', async () => {
  const body = (n: number) => `${n} ${'x'.repeat(210_000)}`
  const numbers = ({ items }: ArchivePage) => items.map(({ stanza }) => Number.parseInt(text(stanza.children[0] as Element), 10))
  const sent = (queryid: string, take: (message: Element) => boolean) => {
    for (let n = 0; n < 25; n += 1) take(result(own, queryid, body(n), `s${n}`))
  }
  const { archive, forged, full } = archiveOf(sent, { complete: 'true' }, { first: 's0', last: 's24' })
  const range = (from: number) => Array.from({ length: 19 }, (_, n) => from + n)
  const on = await archive.page({ limit: 25 }, { timeout: 1_000 })
  assert.deepEqual([numbers(on), on.first, on.last, on.complete], [range(0), 's0', 's18', false])
  const back = await archive.page({ limit: 25, before: '' }, { timeout: 1_000 })
  assert.deepEqual([numbers(back), back.first, back.last, back.complete], [range(6), 's6', 's24', false])
  assert.deepEqual([forged.length, full()], [0, 2])
})
