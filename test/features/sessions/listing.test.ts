import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/errors/problem.ts'
import { listSessions } from '../../../src/features/sessions/listing.ts'
import type { SessionHandle, Sessions } from '../../../src/gateway/contract/session.ts'
import type { SessionJson } from '../../../src/gateway/contract/session-json.ts'

/** So many sessions; every tenth is stopped, and of every hundredth it is gone by the time it is looked at. */
function made(count: number) {
  const all = Array.from({ length: count }, (_, n) => ({
    id: `ses_${String(n).padStart(6, '0')}`,
    jid: `user${n % 7}@${n % 2 ? 'a' : 'b'}.example`,
  }))
  let looked = 0
  const sessions: Pick<Sessions, 'list' | 'view'> = {
    async list(_tenant, { after, limit }) {
      const from = after === undefined ? 0 : all.findIndex(({ id }) => id > after)
      const some = from === -1 ? [] : all.slice(from, from + limit)
      looked += some.length
      return some.map((record) => ({ record }) as unknown as SessionHandle)
    },
    async view({ record: { id, jid } }) {
      const n = Number(id.slice(4))
      if (n % 100 === 99) throw new Problem('session-not-found', 'It was ended.')
      return { id, jid, state: n % 10 === 0 ? 'stopped' : 'online' } as SessionJson
    },
  }
  return { sessions, all, looked: () => looked }
}

/** All pages of a list. */
async function walk(sessions: Pick<Sessions, 'list' | 'view'>, wanted: { limit: number; state?: string; jid?: string }) {
  const ids: string[] = []
  let pages = 0
  for (let after: string | undefined; ; ) {
    const page = await listSessions(sessions, 't', { ...wanted, ...(after !== undefined && { after }) })
    assert.ok(page.data.length <= wanted.limit)
    pages += 1
    ids.push(...page.data.map(({ id }) => id))
    if (page.complete) return { ids, pages }
    after = page.next
  }
}

test('each session that fits is in one page, in order, and the last page says so', async () => {
  const { sessions, all } = made(1_000)
  const there = all.filter((_, n) => n % 100 !== 99)
  const ids = (some: typeof all) => some.map(({ id }) => id)
  for (const limit of [1, 7, 100, 1_000]) {
    assert.deepEqual((await walk(sessions, { limit })).ids, ids(there))
    assert.deepEqual((await walk(sessions, { limit, state: 'stopped' })).ids, ids(there.filter(({ id }) => id.endsWith('0'))))
    assert.deepEqual((await walk(sessions, { limit, jid: 'User3@a' })).ids, ids(there.filter(({ jid }) => jid === 'user3@a.example')))
    assert.deepEqual(
      (await walk(sessions, { limit, jid: 'user3', state: 'stopped' })).ids,
      ids(there.filter(({ id, jid }) => id.endsWith('0') && jid.startsWith('user3'))),
    )
  }
})

test('where few fit a page ends early, and the next goes on', async () => {
  const { sessions, looked } = made(12_000)
  const first = await listSessions(sessions, 't', { limit: 100, jid: 'nobody' })
  assert.deepEqual([first.data, first.complete], [[], false])
  assert.ok(looked() <= 5_000)
  const { ids, pages } = await walk(sessions, { limit: 100, jid: 'nobody' })
  assert.deepEqual([ids, pages], [[], 3])
})
