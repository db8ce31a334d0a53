import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { elements, text } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isPresence, openAccount, openClient, textOf, until, users } from './account.ts'

forEachCell('presence', { server: { users: users('romeo', 'juliet', 'paris', 'nurse', 'tybalt', 'mercutio') } }, (cell) => {
  let romeo: Account
  let juliet: Client

  /** Makes both see each other's presence, from the side of the client. */
  async function befriend(account: Account, client: Client) {
    const bare = client.jid.split('/')[0] as string
    client.send(`<presence to='${account.jid}' type='subscribe'/>`)
    await account.events.next((one) => one.type === 'subscription.requested' && one.subject === bare)
    for (const type of ['subscribed', 'subscribe']) {
      assert.equal((await account.api('POST', '/presence', { body: { to: bare, type } })).status, 202)
    }
    await client.next((one) => isPresence(one) && one.attributes.type === 'subscribe')
    client.send(`<presence to='${account.jid}' type='subscribed'/>`)
    await account.events.next((one) => one.type === 'subscription.approved' && one.subject === bare)
    await account.events.next((one) => one.type === 'presence.available' && one.data.from === client.jid)
  }

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
    await befriend(romeo, juliet)
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  const bareOf = (client: Client) => client.jid.split('/')[0] as string

  describe('of contacts', () => {
    for (const show of ['away', 'chat', 'dnd', 'xa']) {
      it(`is told with show ${show}, status by language and priority`, async () => {
        juliet.send(
          `<presence><show>${show}</show><status>at the ball</status><status xml:lang='de'>auf dem Ball</status><priority>7</priority></presence>`,
        )
        const event = await romeo.events.next((one) => one.type === 'presence.available' && one.data.show === show)
        assert.equal(event.data.from, juliet.jid)
        assert.equal(event.subject, bareOf(juliet))
        assert.equal(event.data.status, 'at the ball')
        assert.deepEqual(event.data.statuses, { de: 'auf dem Ball' })
        assert.equal(event.data.priority, 7)
        const known = await romeo.api('GET', `/presence/${bareOf(juliet)}`)
        assert.equal(known.status, 200)
        assert.equal(known.body.jid, bareOf(juliet))
        assert.deepEqual(
          known.body.presences.map((one: Record<string, unknown>) => [one.jid, one.show, one.status, one.priority]),
          [[juliet.jid, show, 'at the ball', 7]],
        )
      })
    }

    it('is told when they go and come back', async () => {
      juliet.send(`<presence type='unavailable'><status>Parting is such sweet sorrow</status></presence>`)
      const gone = await romeo.events.next((one) => one.type === 'presence.unavailable' && one.data.from === juliet.jid)
      assert.equal(gone.data.status, 'Parting is such sweet sorrow')
      assert.deepEqual((await romeo.api('GET', `/presence/${bareOf(juliet)}`)).body.presences, [])
      juliet.send('<presence/>')
      await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === juliet.jid && one.data.show === undefined)
      const list = await romeo.api('GET', '/presence')
      assert.equal(list.status, 200)
      assert.deepEqual(
        list.body.data.find(({ jid }: { jid: string }) => jid === bareOf(juliet)).presences.map(({ jid }: { jid: string }) => jid),
        [juliet.jid],
      )
    })

    it('is 404 for somebody who is no contact', async () => {
      const answer = await romeo.api('GET', `/presence/nobody@${cell().server.domain}`)
      assert.deepEqual([answer.status, answer.body.code], [404, 'contact-not-found'])
    })

    it('is shown whole at the start of a stream that asks for it', async () => {
      const stream = cell().gateway.events({ session: romeo.id, query: { snapshot: 'presence' } })
      try {
        const first = await stream.next((one) => one.type === 'presence.available' && one.data.from === juliet.jid)
        await stream.next('events.snapshot-end')
        assert.ok(stream.events.indexOf(first) < stream.events.findIndex(({ type }) => type === 'events.snapshot-end'))
      } finally {
        stream.socket.terminate()
      }
    })
  })

  describe('of the account', () => {
    for (const show of ['away', 'chat', 'dnd', 'xa']) {
      it(`shows ${show}, a status by language and a priority`, async () => {
        const wanted = { show, status: 'in love', statuses: { de: 'verliebt' }, priority: 3 }
        const answer = await romeo.api('PUT', '/presence', { body: wanted })
        assert.equal(answer.status, 200)
        assert.deepEqual(answer.body, wanted)
        const { element } = await juliet.next(
          (one) => isPresence(one) && one.attributes.from === romeo.full && textOf(one, 'show') === show,
        )
        assert.equal(element.attributes.from, romeo.full)
        assert.equal(textOf(element, 'priority'), '3')
        assert.deepEqual(
          Object.fromEntries(
            elements(element)
              .filter(({ name }) => name === 'status')
              .map((one) => [one.attributes['xml:lang'] ?? '', text(one)]),
          ),
          { '': 'in love', de: 'verliebt' },
        )
      })
    }

    it('has capabilities that its disco#info answer proves', async () => {
      await romeo.api('PUT', '/presence', { body: { status: 'caps' } })
      const { element } = await juliet.next((one) => isPresence(one) && textOf(one, 'status') === 'caps')
      const caps = inner(element, 'c')
      assert.equal(caps?.xmlns, 'http://jabber.org/protocol/caps')
      const node = `${caps?.attributes.node}#${caps?.attributes.ver}`
      const answer = await juliet.request({
        type: 'get',
        to: romeo.full,
        payload: `<query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/>`,
      })
      assert.equal(answer.attributes.type, 'result')
      const query = inner(answer, 'query')
      assert.equal(query?.attributes.node, node)
      const parts = elements(query as never)
      const [identity] = parts
      const vars = parts.filter(({ name }) => name === 'feature').map(({ attributes }) => attributes.var)
      const told = [`${identity?.attributes.category}/${identity?.attributes.type}//${identity?.attributes.name}`, ...vars.toSorted()]
      assert.equal(
        createHash('sha1')
          .update(told.map((one) => `${one}<`).join(''))
          .digest('base64'),
        caps?.attributes.ver,
      )
    })

    it('tells others anew what the session can do, when that changes', async () => {
      const shown = async () => {
        const { element } = await juliet.next((one) => isPresence(one) && textOf(one, 'status') === 'handles')
        return inner(element, 'c')?.attributes.ver
      }
      const handle = async (handles: string[]) => {
        assert.equal((await romeo.api('PATCH', `/sessions/${romeo.id}`, { body: { handles } })).status, 200)
        return await shown()
      }
      await romeo.api('PUT', '/presence', { body: { status: 'handles' } })
      const before = await shown()
      assert.notEqual(await handle(['urn:example:oracle']), before)
      assert.equal(await handle([]), before)
    })

    it('becomes unavailable and available again while the session stays', async () => {
      assert.equal((await romeo.api('DELETE', '/presence')).status, 204)
      await juliet.next((one) => isPresence(one) && one.attributes.type === 'unavailable' && one.attributes.from === romeo.full)
      assert.equal((await romeo.api('GET', `/sessions/${romeo.id}`)).body.state, 'online')
      assert.equal((await romeo.api('PUT', '/presence', { body: {} })).status, 200)
      await juliet.next((one) => isPresence(one) && one.attributes.type === undefined && one.attributes.from === romeo.full)
      await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === juliet.jid)
    })

    it('refuses what cannot be shown', async () => {
      const refused = async (body: unknown) => {
        const answer = await romeo.api('PUT', '/presence', { body })
        return [answer.status, answer.body.code]
      }
      assert.deepEqual(await refused({ show: 'asleep' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ priority: 128 }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ to: 'a@example.com' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ status: '\u0000' }), [422, 'illegal-character'])
    })

    it('stays away from everybody where the session wants none', async () => {
      const nurse = await openAccount(cell(), 'nurse', { presence: false })
      const tybalt = await openClient(cell(), 'tybalt')
      try {
        assert.equal(nurse.session.state, 'online')
        tybalt.send(`<message to='${nurse.full}' type='chat' id='direct'><body>by full JID</body></message>`)
        await nurse.events.next((one) => one.data.id === 'direct')
      } finally {
        await Promise.all([tybalt.stop(), nurse.close()])
      }
    })

    it('shows what the session was opened with', async () => {
      await romeo.close()
      romeo = await openAccount(cell(), 'romeo', { presence: { show: 'dnd', status: 'as opened', priority: 9 } })
      const { element } = await juliet.next((one) => isPresence(one) && textOf(one, 'status') === 'as opened')
      assert.equal(textOf(element, 'show'), 'dnd')
      assert.equal(textOf(element, 'priority'), '9')
    })
  })

  describe('directed', () => {
    it('reaches somebody who is no contact, and is taken back', async () => {
      const paris = await openClient(cell(), 'paris')
      try {
        const sent = await romeo.api('POST', '/presence', { body: { to: paris.jid, show: 'chat', status: 'for thee alone' } })
        assert.equal(sent.status, 202)
        const { element } = await paris.next((one) => isPresence(one) && one.attributes.from === romeo.full)
        assert.equal(textOf(element, 'status'), 'for thee alone')
        paris.send(`<presence to='${romeo.full}'><status>and for thee</status></presence>`)
        const event = await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === paris.jid)
        assert.equal(event.data.status, 'and for thee')
        assert.equal((await romeo.api('POST', '/presence', { body: { to: paris.jid, type: 'unavailable' } })).status, 202)
        await paris.next((one) => isPresence(one) && one.attributes.type === 'unavailable')
      } finally {
        await paris.stop()
      }
    })

    it('that cannot be delivered comes back as presence.error', async () => {
      const paris = await openClient(cell(), 'paris')
      try {
        paris.send(
          `<presence to='${romeo.full}' type='error' id='pe'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`,
        )
        const event = await romeo.events.next('presence.error')
        assert.equal(event.data.error.condition, 'gone')
        assert.equal(event.data.from, paris.jid)
      } finally {
        await paris.stop()
      }
    })

    it('is sent once for one Idempotency-Key', async () => {
      const request = { body: { to: juliet.jid, status: 'keyed' }, headers: { 'idempotency-key': 'presence-1' } }
      const first = await romeo.api('POST', '/presence', request)
      const second = await romeo.api('POST', '/presence', request)
      assert.deepEqual([first.status, second.status], [202, 202])
      assert.deepEqual(second.body, first.body)
      assert.equal(second.headers.get('idempotency-replayed'), 'true')
    })
  })

  describe('subscriptions', () => {
    let tybalt: Client
    const contact = async () => {
      const answer = await romeo.api('GET', `/roster/${bareOf(tybalt)}`)
      return answer.status === 200 ? answer.body : undefined
    }
    const becomes = (subscription: string, ask?: string) =>
      until(async () => {
        const now = await contact()
        return now?.subscription === subscription && now?.ask === ask && now
      })

    before(async () => {
      tybalt = await openClient(cell(), 'tybalt')
    })
    after(() => tybalt?.stop())

    it('that we ask for are pending, then approved', async () => {
      assert.equal((await romeo.api('POST', '/presence', { body: { to: tybalt.jid, type: 'subscribe', status: 'Peace?' } })).status, 202)
      const { element } = await tybalt.next((one) => isPresence(one) && one.attributes.type === 'subscribe')
      assert.equal(element.attributes.from, romeo.jid)
      await becomes('none', 'subscribe')
      tybalt.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
      const event = await romeo.events.next('subscription.approved')
      assert.equal(event.subject, bareOf(tybalt))
      await becomes('to')
      await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === tybalt.jid)
    })

    it('that they ask for are raised once and granted', async () => {
      tybalt.send(`<presence to='${romeo.jid}' type='subscribe'><status>Peace? I hate the word</status></presence>`)
      const event = await romeo.events.next('subscription.requested')
      assert.equal(event.subject, bareOf(tybalt))
      assert.equal(event.data.status, 'Peace? I hate the word')
      assert.equal((await romeo.api('POST', '/presence', { body: { to: bareOf(tybalt), type: 'subscribed' } })).status, 202)
      await tybalt.next((one) => isPresence(one) && one.attributes.type === 'subscribed')
      await becomes('both')
      await tybalt.next((one) => isPresence(one) && one.attributes.type === undefined && one.attributes.from === romeo.full)
    })

    it('that they end are told', async () => {
      tybalt.send(`<presence to='${romeo.jid}' type='unsubscribe'/>`)
      const event = await romeo.events.next('subscription.cancelled')
      assert.equal(event.subject, bareOf(tybalt))
      await becomes('to')
    })

    it('that they take back are told', async () => {
      tybalt.send(`<presence to='${romeo.jid}' type='unsubscribed'/>`)
      const event = await romeo.events.next('subscription.denied')
      assert.equal(event.subject, bareOf(tybalt))
      await becomes('none')
    })

    it('that we end and take back reach them', async () => {
      tybalt.send(`<presence to='${romeo.jid}' type='subscribe'/>`)
      await romeo.events.next('subscription.requested')
      await romeo.api('POST', '/presence', { body: { to: bareOf(tybalt), type: 'subscribed' } })
      await romeo.api('POST', '/presence', { body: { to: bareOf(tybalt), type: 'subscribe' } })
      await tybalt.next((one) => isPresence(one) && one.attributes.type === 'subscribe')
      tybalt.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
      await becomes('both')
      assert.equal((await romeo.api('POST', '/presence', { body: { to: bareOf(tybalt), type: 'unsubscribe' } })).status, 202)
      await tybalt.next((one) => isPresence(one) && one.attributes.type === 'unsubscribe')
      await becomes('from')
      assert.equal((await romeo.api('POST', '/presence', { body: { to: bareOf(tybalt), type: 'unsubscribed' } })).status, 202)
      await tybalt.next((one) => isPresence(one) && one.attributes.type === 'unsubscribed')
      await becomes('none')
    })
  })

  it('requests that were not answered make no second event at the next log-in', async () => {
    const mercutio = await openAccount(cell(), 'mercutio')
    try {
      juliet.send(`<presence to='${mercutio.jid}' type='subscribe'/>`)
      await mercutio.events.next('subscription.requested')
      await cell().server.restart()
      await mercutio.events.next((one) => one.type === 'session.online', 30_000)
      const again = await openClient(cell(), 'tybalt')
      again.send(`<message to='${mercutio.full}' type='chat'><body>after the log-in</body></message>`)
      await mercutio.events.next((one) => one.data.body === 'after the log-in')
      assert.equal(mercutio.events.events.filter(({ type }) => type === 'subscription.requested').length, 1)
      await again.stop()
    } finally {
      await mercutio.close()
    }
  })

  it('is shown again after a lost connection, as it was', async () => {
    await until(async () => (await romeo.api('GET', `/sessions/${romeo.id}`)).body.state === 'online', 30_000)
    assert.equal((await romeo.api('PUT', '/presence', { body: { show: 'xa', status: 'kept' } })).status, 200)
    await cell().server.restart()
    const watcher = await openClient(cell(), 'juliet')
    try {
      const { element } = await watcher.next((one) => isPresence(one) && textOf(one, 'status') === 'kept', 30_000)
      assert.equal(textOf(element, 'show'), 'xa')
      await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === watcher.jid)
      watcher.send(`<message to='${romeo.jid}' type='chat'><body>welcome back</body></message>`)
      await romeo.events.next((one) => one.data.body === 'welcome back')
    } finally {
      await watcher.stop()
    }
  })
})
