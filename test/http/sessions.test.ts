import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keys, operation, startApp } from './support.ts'

const answer = operation({ id: 'a', method: 'GET', path: '/a' }).answers
const whose = operation({
  id: 'whose',
  method: 'GET',
  path: '/whose',
  session: 'named',
  run: async ({ session }) => ({ status: 200, body: { id: session?.record.id } }),
})
const carried = operation({
  id: 'carried',
  method: 'GET',
  path: '/messages/{id}',
  session: { by: 'message', missing: 'message-not-found' },
  answers: answer,
  problems: ['message-not-found'],
  run: async ({ session }) => ({ status: 200, body: { id: session?.record.id } }),
})
const byPath = operation({
  id: 'sessions.get',
  method: 'GET',
  path: '/sessions/{id}',
  session: { by: 'session', missing: 'session-not-found' },
  problems: ['session-not-found'],
  run: async ({ session }) => ({ status: 200, body: { id: session?.record.id } }),
})
const none = operation({ id: 'none', method: 'GET', path: '/none' })

const start = (t: Parameters<typeof startApp>[0]) => startApp(t, { operations: [whose, carried, byPath, none] })
const { parse } = JSON
const bodyOf = (text: string) => ({ ...parse(text), requestId: undefined })

test('with an API key a session must be named: by id, bare JID, percent-encoded', async (t) => {
  const { api, addSession } = await start(t)
  const { id } = await addSession('a+b@x.example')
  const missing = await api('GET', '/whose')
  assert.deepEqual([missing.status, missing.body.code], [400, 'session-required'])
  assert.equal((await api('GET', '/whose?session=')).status, 400)
  assert.equal((await api('GET', `/whose?session=${id}&session=${id}`)).status, 400)
  assert.equal((await api('GET', `/whose?session=${id}`)).body.id, id)
  assert.equal((await api('GET', `/whose?session=${encodeURIComponent('a+b@x.example')}`)).body.id, id)
  assert.equal((await api('GET', `/none?session=${id}`)).status, 400)
})

test("another tenant's session is as one that does not exist, to the byte", async (t) => {
  const { api, addSession } = await start(t)
  const mine = await addSession('a@x.example')
  const theirs = await addSession('b@x.example', 'other')
  for (const path of [(id: string) => `/whose?session=${id}`, (id: string) => `/sessions/${id}`]) {
    const foreign = await api('GET', path(theirs.id))
    const absent = await api('GET', path(`ses_${'A'.repeat(22)}`))
    assert.equal(foreign.status, 404)
    assert.equal(foreign.body.code, 'session-not-found')
    assert.deepEqual(bodyOf(foreign.text), bodyOf(absent.text))
    assert.equal((await api('GET', path(theirs.id), { key: keys.other })).status, 200)
    assert.equal((await api('GET', path(mine.id), { key: theirs.token })).status, 404)
  }
  const byJid = await api('GET', '/whose?session=b@x.example')
  assert.equal(byJid.body.code, 'session-not-found')
})

test('a session token is that session and sees no other, of its own tenant neither', async (t) => {
  const { api, addSession } = await start(t)
  const mine = await addSession('a@x.example')
  const sibling = await addSession('b@x.example')
  assert.equal((await api('GET', '/whose', { key: mine.token })).body.id, mine.id)
  assert.equal((await api('GET', `/whose?session=${mine.id}`, { key: mine.token })).body.id, mine.id)
  assert.equal((await api('GET', '/whose?session=a@x.example', { key: mine.token })).body.id, mine.id)
  for (const reference of [sibling.id, 'b@x.example', 'nobody@x.example', 'ses_x']) {
    const { status, body } = await api('GET', `/whose?session=${reference}`, { key: mine.token })
    assert.deepEqual([status, body.code], [404, 'session-not-found'], reference)
  }
  assert.equal((await api('GET', `/sessions/${sibling.id}`, { key: mine.token })).status, 404)
  assert.equal((await api('GET', `/sessions/${mine.id}`, { key: mine.token })).status, 200)
})

test('a message id carries its session; an id that is nobody’s is 404 as the operation calls it', async (t) => {
  const { api, addSession } = await start(t)
  const mine = await addSession('a@x.example')
  const theirs = await addSession('b@x.example', 'other')
  const message = (id: string) => `/messages/msg_${id.slice(4)}${'r'.repeat(22)}`
  assert.equal((await api('GET', message(mine.id))).body.id, mine.id)
  const foreign = await api('GET', message(theirs.id))
  assert.deepEqual([foreign.status, foreign.body.code], [404, 'message-not-found'])
  assert.deepEqual(bodyOf(foreign.text), bodyOf((await api('GET', message(`ses_${'A'.repeat(22)}`))).text))
  assert.equal((await api('GET', `/messages/chosen?session=${mine.id}`)).body.id, mine.id)
  assert.equal((await api('GET', `/messages/chosen?session=${theirs.id}`)).body.code, 'session-not-found')
  // a token looks in its own session, whatever the id says
  assert.equal((await api('GET', message(theirs.id), { key: mine.token })).body.id, mine.id)
})

test('the token of a session that is gone is 401', async (t) => {
  const { api, addSession, end } = await start(t)
  const { id, token } = await addSession('a@x.example')
  await end(id)
  assert.equal((await api('GET', '/whose', { key: token })).status, 401)
  assert.equal((await api('GET', `/whose?session=${id}`)).status, 404)
})
