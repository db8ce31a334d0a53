/** What contacts publish of themselves comes to a session that wants it, and to no other. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isPresence, openAccount, openClient, textOf, until, users, watch } from './account.ts'

const MOOD = 'http://jabber.org/protocol/mood'
const TUNE = 'http://jabber.org/protocol/tune'

forEachCell('what contacts publish', { server: { users: users('romeo', 'juliet') } }, (cell) => {
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
})
