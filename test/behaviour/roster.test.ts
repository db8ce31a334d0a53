import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, until, users } from './account.ts'

forEachCell('the roster', { server: { users: users('romeo', 'juliet', 'paris', 'nurse') } }, (cell) => {
  let romeo: Account
  /** another client of the same account */
  let phone: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    phone = await openClient(cell(), 'romeo')
  })
  after(async () => {
    await Promise.all([phone?.stop(), romeo?.close()])
  })

  const jidOf = (name: string) => `${name}@${cell().server.domain}`
  const set = (item: string) => phone.request({ type: 'set', payload: `<query xmlns='jabber:iq:roster'>${item}</query>` })
  const isPushOf = (jid: string) => (element: { name: string; children: readonly unknown[] }) =>
    element.name === 'iq' && JSON.stringify(element.children).includes(`"${jid}"`)

  it('is empty at first', async () => {
    const answer = await romeo.api('GET', '/roster')
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, { data: [], page: { complete: true } })
  })

  it('takes a contact, and the next read shows it', async () => {
    const put = await romeo.api('PUT', `/roster/${jidOf('juliet')}`, { body: { name: 'Juliet', groups: ['Capulet', 'Friends'] } })
    assert.equal(put.status, 200)
    const expected = { jid: jidOf('juliet'), name: 'Juliet', groups: ['Capulet', 'Friends'], subscription: 'none', presences: [] }
    assert.deepEqual(put.body, expected)
    assert.deepEqual((await romeo.api('GET', `/roster/${jidOf('juliet')}`)).body, expected)
    assert.deepEqual((await romeo.api('GET', '/roster')).body.data, [expected])
    const event = await romeo.events.next((one) => one.type === 'roster.updated' && one.subject === jidOf('juliet'))
    assert.equal(event.data.name, 'Juliet')
    await phone.next(isPushOf(jidOf('juliet')))
  })

  it('replaces name and groups, and leaves out what is left out', async () => {
    assert.equal((await romeo.api('PUT', `/roster/${jidOf('juliet')}`, { body: { groups: ['Wife'] } })).status, 200)
    const { body } = await romeo.api('GET', `/roster/${jidOf('juliet')}`)
    assert.deepEqual([body.name, body.groups], [undefined, ['Wife']])
    assert.equal((await romeo.api('PUT', `/roster/${jidOf('juliet')}`, { body: {} })).status, 200)
    assert.deepEqual((await romeo.api('GET', `/roster/${jidOf('juliet')}`)).body.groups, [])
  })

  it('follows what another client of the account changes', async () => {
    await set(`<item jid='${jidOf('paris')}' name='Paris'><group>Nobles</group></item>`)
    const updated = await romeo.events.next((one) => one.type === 'roster.updated' && one.subject === jidOf('paris'))
    assert.deepEqual(updated.data, { jid: jidOf('paris'), name: 'Paris', groups: ['Nobles'], subscription: 'none' })
    await set(`<item jid='${jidOf('paris')}' subscription='remove'/>`)
    const removed = await romeo.events.next((one) => one.type === 'roster.removed' && one.subject === jidOf('paris'))
    assert.deepEqual(removed.data, { jid: jidOf('paris') })
    assert.equal((await romeo.api('GET', `/roster/${jidOf('paris')}`)).status, 404)
  })

  it('counts a push from nobody but the own account', async () => {
    const paris = await openClient(cell(), 'paris')
    try {
      const answer = await paris.request({
        type: 'set',
        to: romeo.full,
        payload: `<query xmlns='jabber:iq:roster'><item jid='mallory@example.com' subscription='both'/></query>`,
      })
      assert.equal(answer.attributes.type, 'error')
      assert.ok(JSON.stringify(answer).includes('service-unavailable'))
      assert.equal((await romeo.api('GET', '/roster/mallory@example.com')).status, 404)
    } finally {
      await paris.stop()
    }
  })

  it('has a strong ETag over the whole answer', async () => {
    const first = await romeo.api('GET', '/roster')
    const etag = first.headers.get('etag') as string
    assert.match(etag, /^"[^"]+"$/)
    const same = await romeo.api('GET', '/roster', { headers: { 'if-none-match': etag } })
    assert.deepEqual([same.status, same.text], [304, ''])
    await romeo.api('PUT', `/roster/${jidOf('juliet')}`, { body: { name: 'Juliet Montague' } })
    const changed = await romeo.api('GET', '/roster', { headers: { 'if-none-match': etag } })
    assert.equal(changed.status, 200)
    assert.notEqual(changed.headers.get('etag'), etag)
  })

  it('leaves out presence where it is not wanted', async () => {
    const { body } = await romeo.api('GET', '/roster', { query: { presence: 'false' } })
    assert.equal(body.data[0].presences, undefined)
  })

  it('comes in pages', async () => {
    for (const name of ['a', 'b', 'c']) await romeo.api('PUT', `/roster/${jidOf(name)}`, { body: {} })
    const seen: string[] = []
    let after: string | undefined
    do {
      const { body } = await romeo.api('GET', '/roster', { query: { limit: 2, ...(after ? { after } : {}) } })
      seen.push(...body.data.map(({ jid }: { jid: string }) => jid))
      assert.equal(body.page.complete, body.page.next === undefined)
      after = body.page.next
    } while (after)
    assert.deepEqual(seen, ['a', 'b', 'c', 'juliet'].map(jidOf))
    for (const limit of [0, 1001, 'x']) assert.equal((await romeo.api('GET', '/roster', { query: { limit } })).status, 400)
  })

  it('removes a contact, and the next read does not show it', async () => {
    assert.equal((await romeo.api('DELETE', `/roster/${jidOf('a')}`)).status, 204)
    assert.equal((await romeo.api('GET', `/roster/${jidOf('a')}`)).status, 404)
    const again = await romeo.api('DELETE', `/roster/${jidOf('a')}`)
    assert.deepEqual([again.status, again.body.code], [404, 'contact-not-found'])
  })

  it('refuses what is no contact', async () => {
    const refused = async (path: string, body: unknown) => {
      const answer = await romeo.api('PUT', path, { body })
      return [answer.status, answer.body.code]
    }
    assert.deepEqual(await refused(`/roster/${encodeURIComponent(`${jidOf('juliet')}/balcony`)}`, {}), [422, 'jid-malformed'])
    assert.deepEqual(await refused('/roster/%40', {}), [422, 'jid-malformed'])
    assert.deepEqual(await refused(`/roster/${jidOf('juliet')}`, { subscription: 'both' }), [400, 'invalid-request'])
    assert.deepEqual(await refused(`/roster/${jidOf('juliet')}`, { groups: [''] }), [400, 'invalid-request'])
    assert.deepEqual(await refused(`/roster/${jidOf('juliet')}`, { name: '\u0001' }), [422, 'illegal-character'])
  })

  it('is the same after a lost connection', async () => {
    await cell().server.restart()
    await romeo.events.next((one) => one.type === 'session.online', 30_000)
    await until(async () => (await romeo.api('GET', `/sessions/${romeo.id}`)).body.state === 'online')
    const { body } = await romeo.api('GET', '/roster')
    assert.deepEqual(
      body.data.map(({ jid }: { jid: string }) => jid),
      ['b', 'c', 'juliet'].map(jidOf),
    )
  })

  it('is read whole, and callers are told it whole, where it is larger than a stanza may be', async () => {
    const jids = Array.from({ length: 40 }, (_, index) => `contact-${index}@${cell().server.domain}`)
    const name = 'n'.repeat(9_000)
    const client = await openClient(cell(), 'nurse')
    const add = (jid: string) =>
      client.request({ type: 'set', payload: `<query xmlns='jabber:iq:roster'><item jid='${jid}' name='${name}'/></query>` })
    await Promise.all(jids.map(add)).finally(() => client.stop())
    const nurse = await openAccount(cell(), 'nurse')
    try {
      const { body } = await nurse.api('GET', '/roster', { query: { limit: 1_000 } })
      assert.deepEqual(body.data.map(({ jid }: { jid: string }) => jid).toSorted(), jids.toSorted())
      const asked = await nurse.api('POST', '/iq', { body: { type: 'get', payload: { roster: {} } } })
      assert.deepEqual([asked.status, asked.body.payload?.roster.items.length], [200, jids.length])
    } finally {
      await nurse.close()
    }
  })
})
