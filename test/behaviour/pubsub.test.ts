/** Nodes of the own account and of services, and what contacts publish of themselves. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isPresence, openAccount, openClient, textOf, until, users, watch } from './account.ts'

const MOOD = 'http://jabber.org/protocol/mood'
const TUNE = 'http://jabber.org/protocol/tune'

const only = ['prosody+memory', 'ejabberd+redis'] as const
const alone = {
  prosody: { config: 'admins = { "romeo@localhost" }\nComponent "pubsub.localhost" "pubsub"\n' },
  ejabberd: {},
}

forEachCell('pubsub', { server: { users: users('romeo', 'juliet') }, alone, only }, (cell) => {
  let romeo: Account
  let juliet: Client

  const publish = (node: string, payload: string) =>
    juliet.request({
      type: 'set',
      payload: `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>${payload}</item></publish></pubsub>`,
    })
  const mood = (name: string) => publish(MOOD, `<mood xmlns='${MOOD}'><${name}/></mood>`)
  const tune = (title: string) => publish(TUNE, `<tune xmlns='${TUNE}'><title>${title}</title></tune>`)
  const notify = (nodes: string[]) => romeo.api('PATCH', `/sessions/${romeo.id}`, { body: { notify: nodes } })
  const published = (node: string) =>
    romeo.events.events.filter((event) => event.type === 'pubsub.published' && event.data.pubsub.items.node === node)

  before(async () => {
    romeo = await openAccount(cell(), 'romeo', { notify: [MOOD] })
    juliet = await openClient(cell(), 'juliet')
    await watch(romeo, juliet)
    juliet.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
    await romeo.api('POST', '/presence', { body: { to: juliet.jid.split('/')[0], type: 'subscribe' } })
    await until(async () => (await romeo.api('GET', `/roster/${juliet.jid.split('/')[0]}`)).body.subscription === 'both')
    // ejabberd listens to what a contact can do only once it knows of the subscription
    await romeo.api('PUT', '/presence', { body: { status: 'listening' } })
    await juliet.next((one) => isPresence(one) && textOf(one, 'status') === 'listening')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  it('is told where the session wants it, once', async () => {
    assert.deepEqual((await romeo.api('GET', `/sessions/${romeo.id}`)).body.notify, [MOOD])
    await tune('Nobody hears this')
    await mood('happy')
    const event = await romeo.events.next((one) => one.type === 'pubsub.published')
    assert.equal(event.subject, juliet.jid.split('/')[0])
    assert.deepEqual(event.data.pubsub.items.items[0].content, { mood: { value: 'happy' } })
    await mood('sad')
    await romeo.events.next((one) => one.type === 'pubsub.published' && one.data.pubsub.items.items[0].content.mood.value === 'sad')
    assert.equal(published(MOOD).length, 2)
    assert.equal(published(TUNE).length, 0)
  })

  it('changes with what the session wants', async () => {
    const changed = await notify([TUNE])
    assert.deepEqual([changed.status, changed.body.notify], [200, [TUNE]])
    await until(async () => {
      await tune('Fairy Queen')
      return published(TUNE).length > 0
    })
    const moods = published(MOOD).length
    await mood('calm')
    await tune('Dido')
    await romeo.events.next((one) => one.type === 'pubsub.published' && one.data.pubsub.items.items[0].content.tune.title === 'Dido')
    assert.equal(published(MOOD).length, moods)
  })

  it('takes nodes by their plain name', async () => {
    const refused = await notify([`${MOOD}+notify`])
    assert.deepEqual([refused.status, refused.body.errors[0].path], [400, 'body.notify.0'])
    assert.equal((await notify([''])).status, 400)
  })

  describe('a node of the own account', () => {
    const node = 'urn:example:drafts'
    const items = (query: object = {}) => romeo.api('GET', '/pubsub/items', { query: { node, ...query } })
    const draft = (text: string) => ({ xml: `<draft xmlns='urn:example:drafts'>${text}</draft>` })
    const publish = (body: object, query: object = { node }) => romeo.api('POST', '/pubsub/items', { query: { ...query }, body })

    it('is made as it is wanted, read, changed, emptied and deleted', async () => {
      const values = { accessModel: 'whitelist', persistItems: true, maxItems: 20 }
      const made = await romeo.api('PUT', '/pubsub/nodes', { query: { node }, body: { values } })
      assert.deepEqual([made.status, made.body], [201, { node }])
      const again = await romeo.api('PUT', '/pubsub/nodes', { query: { node }, body: { values: { sendLastPublishedItem: 'never' } } })
      assert.deepEqual([again.status, again.body], [200, { node }])
      const read = await romeo.api('GET', '/pubsub/nodes', { query: { node } })
      assert.deepEqual([read.status, read.body.values.accessModel, read.body.values.sendLastPublishedItem], [200, 'whitelist', 'never'])
      assert.equal(read.body.form.type, 'form')
      const changed = await romeo.api('PATCH', '/pubsub/nodes', { query: { node }, body: { values: { accessModel: 'presence' } } })
      assert.equal(changed.status, 204)
      const { values: then } = (await romeo.api('GET', '/pubsub/nodes', { query: { node } })).body
      assert.deepEqual([then.accessModel, then.sendLastPublishedItem], ['presence', 'never'])

      for (const id of ['one', 'two']) assert.deepEqual((await publish({ id, ...draft(id) })).body, { id })
      const { data, page } = (await items()).body
      assert.deepEqual(data.map(({ id }: { id: string }) => id).toSorted(), ['one', 'two'])
      assert.equal(page.complete, true)
      const [one] = (await items({ id: 'one' })).body.data
      assert.deepEqual(one.payload, { element: { name: 'draft', xmlns: 'urn:example:drafts', children: ['one'] } })
      assert.equal((await romeo.api('DELETE', '/pubsub/items', { query: { node, id: 'one' } })).status, 204)
      assert.deepEqual(
        (await items()).body.data.map(({ id }: { id: string }) => id),
        ['two'],
      )
      assert.equal((await romeo.api('POST', '/pubsub/purge', { query: { node } })).status, 204)
      assert.deepEqual((await items()).body.data, [])
      assert.equal((await romeo.api('DELETE', '/pubsub/nodes', { query: { node } })).status, 204)
      const gone = await items()
      assert.deepEqual([gone.status, gone.body.code], [404, 'xmpp-item-not-found'])
    })

    it('holds what is for the own eyes only where the server keeps it so', async () => {
      const secret = { id: 'current', ...draft('for me'), options: { accessModel: 'whitelist' } }
      const answer = await publish(secret, { node: 'urn:example:secrets' })
      assert.deepEqual([answer.status, answer.body], [201, { id: 'current' }])
      const { values } = (await romeo.api('GET', '/pubsub/nodes', { query: { node: 'urn:example:secrets' } })).body
      assert.equal(values.accessModel, 'whitelist')
      const other = { ...secret, options: { accessModel: 'open' } }
      const refused = await publish(other, { node: 'urn:example:secrets' })
      assert.deepEqual([refused.status, refused.body.xmpp?.applicationCondition?.name], [409, 'precondition-not-met'])
      const theirs = await juliet.request({
        type: 'get',
        to: romeo.jid,
        payload: "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:example:secrets'/></pubsub>",
      })
      assert.equal(theirs.attributes.type, 'error')
    })

    it('tells contacts of a mood, an activity, a tune and a place by their names', async () => {
      const payloads = {
        mood: { value: 'happy', text: 'It is the east' },
        activity: { general: { type: 'inactive', specific: 'sleeping' } },
        tune: { artist: 'Purcell', title: 'Dido' },
        location: { locality: 'Verona', latitude: 45.44, longitude: 10.99 },
      }
      const nodes = ['mood', 'activity', 'tune', 'geoloc'].map((name) => `http://jabber.org/protocol/${name}`)
      for (const [index, [name, payload]] of Object.entries(payloads).entries()) {
        const query = { node: nodes[index] as string }
        assert.equal((await publish({ payload: { [name]: payload } }, query)).status, 201)
        const theirs = await juliet.request({
          type: 'get',
          to: romeo.jid,
          payload: `<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='${query.node}'/></pubsub>`,
        })
        assert.equal(theirs.attributes.type, 'result')
        const [item] = (await romeo.api('GET', '/pubsub/items', { query })).body.data
        assert.deepEqual(item.payload, { [name]: payload })
      }
    })

    it('is refused what is wrong, and keeps what it has', async () => {
      const refusal = async (method: string, path: string, options: Parameters<Account['api']>[2]) => {
        const { status, body } = await romeo.api(method, path, options)
        return [status, body.code, body.errors?.[0]?.path]
      }
      const on = (body: object, query: object = { node: MOOD }) => refusal('POST', '/pubsub/items', { query: { ...query }, body })
      assert.deepEqual(await on({ payload: { mood: { value: 'happy' } } }, {}), [400, 'invalid-request', 'query.node'])
      assert.deepEqual(await on({}), [400, 'invalid-request', 'body.payload'])
      assert.deepEqual(await on({ payload: { mood: {} }, xml: '<x/>' }), [400, 'invalid-request', 'body.xml'])
      assert.deepEqual(await on({ payload: { mod: {} } }), [400, 'invalid-request', 'body.payload.mod'])
      assert.deepEqual(await on({ payload: { mood: { value: 'hungover' } } }), [400, 'invalid-request', 'body.payload.mood.value'])
      assert.deepEqual(await on({ xml: '<mood' }), [400, 'xml-malformed', 'body.xml'])
      assert.deepEqual(await on({ payload: { mood: { text: '\u0001' } } }), [422, 'illegal-character', 'body.payload.mood.text'])
      assert.deepEqual(await on({ xml: '<x/>', options: { acessModel: 'open' } }), [400, 'invalid-request', 'body.options.acessModel'])
      assert.deepEqual(await on({ xml: '<x/>', options: { accessModel: 'all' } }), [400, 'invalid-request', 'body.options.accessModel'])
      const query = { node: MOOD }
      assert.deepEqual(await refusal('GET', '/pubsub/items', { query: { ...query, service: '@' } }), [
        422,
        'jid-malformed',
        'query.service',
      ])
      assert.deepEqual(await refusal('GET', '/pubsub/items', { query: { ...query, limit: 0 } }), [400, 'invalid-request', 'query.limit'])
      assert.deepEqual(await refusal('DELETE', '/pubsub/items', { query }), [400, 'invalid-request', 'query.id'])
      assert.deepEqual(await refusal('PATCH', '/pubsub/nodes', { query, body: { values: { titel: 'x' } } }), [
        400,
        'invalid-request',
        'body.values.titel',
      ])
      assert.deepEqual(await refusal('PATCH', '/pubsub/affiliations', { query, body: { affiliations: [] } }), [
        400,
        'invalid-request',
        'body.affiliations',
      ])
      const nobody = { affiliations: [{ jid: '@', affiliation: 'owner' }] }
      assert.deepEqual(await refusal('PATCH', '/pubsub/affiliations', { query, body: nobody }), [
        422,
        'jid-malformed',
        'body.affiliations.0.jid',
      ])
      assert.equal((await romeo.api('GET', '/pubsub/items', { query })).body.data.length, 1)
    })
  })

  describe('a node of a service', () => {
    const service = () => `pubsub.${cell().server.domain}`
    const node = 'urn:example:news'
    /** Prosody gives all items at once, and keeps no more unless it is told to */
    const most = () => (cell().server.kind === 'prosody' ? 256 : 1_000)
    const api = (method: string, path: string, { query = {}, ...more }: Parameters<Account['api']>[2] = {}) =>
      romeo.api(method, path, { query: { service: service(), node, ...query }, ...more })

    it('is subscribed to, tells of its items once, and says who may do what', async () => {
      const made = await api('PUT', '/pubsub/nodes', {
        body: { values: { maxItems: most(), persistItems: true } },
      })
      assert.equal(made.status, 201, made.text)
      const subscribed = await api('PUT', '/pubsub/subscriptions')
      assert.deepEqual([subscribed.status, subscribed.body.state, subscribed.body.jid], [200, 'subscribed', romeo.jid])
      const listed = (await api('GET', '/pubsub/subscriptions')).body
      assert.deepEqual(
        listed.data.map(({ node, state }: Record<string, string>) => [node, state]),
        [[node, 'subscribed']],
      )
      const published = await api('POST', '/pubsub/items', { body: { id: 'first', xml: '<news xmlns="urn:example:news">Extra</news>' } })
      assert.equal(published.status, 201)
      const isNews = (one: { type: string; subject?: string }) => one.type === 'pubsub.published' && one.subject === service()
      const event = await romeo.events.next(isNews)
      assert.equal(event.data.pubsub.items.items[0].id, 'first')
      assert.equal((await api('DELETE', '/pubsub/items', { query: { id: 'first' } })).status, 204)
      await romeo.events.next((one) => one.type === 'pubsub.retracted')
      assert.equal(romeo.events.events.filter(isNews).length, 1)

      const whose = (await api('GET', '/pubsub/affiliations')).body.data
      assert.deepEqual(whose, [{ jid: romeo.jid, affiliation: 'owner' }])
      const affiliations = [{ jid: juliet.jid.split('/')[0], affiliation: 'publisher' }]
      assert.equal((await api('PATCH', '/pubsub/affiliations', { body: { affiliations } })).status, 204)
      assert.equal((await api('GET', '/pubsub/affiliations')).body.data.length, 2)
      const own = await romeo.api('GET', '/pubsub/affiliations', { query: { service: service() } })
      // Prosody 0.12 does not tell that
      if (own.status === 200) assert.ok(own.body.data.some((one: object) => isDeepStrictEqual(one, { node, affiliation: 'owner' })))
      else assert.deepEqual([cell().server.kind, own.status], ['prosody', 502])
      const { subscriptionId } = listed.data[0]
      assert.equal((await api('DELETE', '/pubsub/subscriptions', { query: subscriptionId ? { subscriptionId } : {} })).status, 204)
      assert.deepEqual((await api('GET', '/pubsub/subscriptions')).body.data, [])
    })

    it('comes in pages, each item once', async () => {
      const publish = (id: number) =>
        juliet.request({
          type: 'set',
          to: service(),
          payload: `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item id='item-${id}'><n xmlns='urn:example:n'>${id}</n></item></publish></pubsub>`,
        })
      const ids = Array.from({ length: most() }, (_, index) => index)
      for (let from = 0; from < ids.length; from += 20) await Promise.all(ids.slice(from, from + 20).map(publish))
      const seen: string[] = []
      let after: string | undefined
      do {
        const { status, body, text } = await api('GET', '/pubsub/items', { query: { limit: 150, ...(after ? { after } : {}) } })
        assert.equal(status, 200, text)
        seen.push(...body.data.map(({ id }: { id: string }) => id))
        after = body.page.next
      } while (after)
      assert.deepEqual(new Set(seen), new Set(ids.map((id) => `item-${id}`)))
      assert.equal(seen.length, ids.length)
      const lost = await api('GET', '/pubsub/items', { query: { after: 'nowhere' } })
      // ejabberd has nothing after what it does not know
      if (lost.status === 200) assert.deepEqual(lost.body.data, [])
      else assert.deepEqual([lost.status, lost.body.code], [400, 'cursor-invalid'])
    })

    it('is told not to be there by a service that is none', async () => {
      const nobody = await romeo.api('GET', '/pubsub/items', { query: { service: cell().server.domain, node } })
      assert.ok([404, 501, 502].includes(nobody.status), nobody.text)
    })
  })
})
