/** A server that has hardly anything: what it lacks is said at once. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { openAccount, users } from './account.ts'
import { serviceRequests } from './services.ts'

const without = ['disco', 'pep', 'private', 'blocklist', 'vcard4', 'vcard_legacy', 'adhoc', 'register', 'register_ibr']
const server = { users: users('romeo'), muc: false, mam: false, uploads: false, without }

forEachCell('a server that lacks services', { only: ['prosody+memory'], server }, (cell) => {
  it('is one where each of them is 501 or 502, and nothing is said to be done', async (t) => {
    const romeo = await openAccount(cell(), 'romeo', { mds: true })
    t.after(() => romeo.close())
    const { domain, service } = cell().server
    for (const { method, path, options, isForNone, lacking = 'xmpp-service-unavailable' } of serviceRequests({
      account: romeo.jid,
      at: { domain, service },
    })) {
      const { status, body } = await (isForNone ? cell().gateway.api : romeo.api)(method, path, options)
      assert.deepEqual([body?.code, [501, 502].includes(status)], [lacking, true], `${method} ${path}: ${status}`)
    }
    const { status, body } = await romeo.api('GET', '/capabilities')
    const { pubsub, archive, blocking, push, bookmarks, mds, upload, rooms } = body
    assert.deepEqual([status, pubsub, archive, blocking, push, bookmarks, mds], [200, false, false, false, false, false, false])
    assert.deepEqual([upload, rooms], [undefined, undefined])
  })
})
