/** What is wrong in a request for files, profiles, blocking, pubsub, commands, registration, chats or push: the exact problem, and nothing done. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { RequestOptions } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import { type Account, openAccount, users } from './account.ts'

type Row = readonly [request: string, options: RequestOptions, outcome: string]

const node = { node: 'urn:example:drafts' }
const long = 'x'.repeat(5_000)
const png = { 'content-type': 'image/png' }

/** `400 path` is an invalid-request about that path; else status, code and, where there is one, path. */
const rows: readonly Row[] = [
  ['POST /uploads', { body: 'x', query: { fileNam: 'a' } }, '400 query.fileNam'],
  ['POST /uploads', { body: 'x', query: { fileName: '' } }, '400 query.fileName'],
  ['POST /uploads', { body: 'x', query: { fileName: 'a', to: '@' } }, '422 jid-malformed query.to'],
  ['POST /uploads/slots', { body: {} }, '400 body.fileName'],
  ['POST /uploads/slots', { body: { fileName: 'a', size: -1 } }, '400 body.size'],
  ['POST /uploads/slots', { body: { fileName: 'a', size: '1' } }, '400 body.size'],
  ['POST /uploads/slots', { body: { fileName: 'a\u0000', size: 1 } }, '422 illegal-character body.fileName'],
  ['POST /uploads/slots', { body: { fileName: 'a', size: 2 ** 40 } }, '413 body-too-large'],
  ['GET /disco/info', { query: { jid: 'a@' } }, '422 jid-malformed query.jid'],
  ['GET /disco/info', { query: { jids: 'a' } }, '400 query.jids'],
  ['GET /disco/items', { query: { jid: '@' } }, '422 jid-malformed query.jid'],
  ['GET /disco/items', { query: { jid: 'localhost', limit: 0 } }, '400 query.limit'],
  ['GET /capabilities', { query: { jid: '/' } }, '422 jid-malformed query.jid'],
  ['GET /profile', { query: { jid: 'juliet@localhost' } }, '400 query.jid'],
  ['PUT /profile', { body: { nickname: 'x' } }, '400 body.nickname'],
  ['PUT /profile', { body: { emails: 'a@b' } }, '400 body.emails'],
  ['PUT /profile', { body: { emails: ['a@b', 1] } }, '400 body.emails.1'],
  ['PUT /profile', { body: { nick: '' } }, '400 body.nick'],
  ['PUT /profile', { body: { note: '\ud800' } }, '422 illegal-character body.note'],
  ['PUT /profile', { body: '[]' }, '400 body'],
  ['GET /profiles/%40', {}, '422 jid-malformed params.jid'],
  ['GET /profiles/%40/avatar', {}, '422 jid-malformed params.jid'],
  ['PUT /profile/avatar', { body: 'no picture', headers: png }, '400 body'],
  ['PUT /profile/avatar', { body: Buffer.alloc(65 * 1024), headers: png }, '413 body-too-large'],
  ['PUT /profile/avatar', { body: 'GIF89a', headers: png }, '400 body'],
  ['GET /blocklist', { query: { limit: 1001 } }, '400 query.limit'],
  ['PUT /blocklist/%40', {}, '422 jid-malformed params.jid'],
  ['PUT /blocklist/a@b', { body: { reason: 'boring' } }, '400 body.reason'],
  ['PUT /blocklist/a@b', { body: { reason: 'spam', text: '' } }, '400 body.text'],
  ['DELETE /blocklist/%40', {}, '422 jid-malformed params.jid'],
  ['DELETE /blocklist', {}, '400 query.all'],
  ['GET /pubsub/items', {}, '400 query.node'],
  ['GET /pubsub/items', { query: { ...node, service: '@' } }, '422 jid-malformed query.service'],
  ['GET /pubsub/items', { query: { ...node, limit: 'many' } }, '400 query.limit'],
  ['POST /pubsub/items', { query: node, body: {} }, '400 body.payload'],
  ['POST /pubsub/items', { query: node, body: { xml: '<a' } }, '400 xml-malformed body.xml'],
  ['POST /pubsub/items', { query: node, body: { id: '', xml: "<a xmlns='b'/>" } }, '400 body.id'],
  ['POST /pubsub/items', { query: node, body: { xml: "<a xmlns='b'/>", options: { maxItems: -1 } } }, '400 body.options.maxItems'],
  ['DELETE /pubsub/items', { query: node }, '400 query.id'],
  ['GET /pubsub/nodes', {}, '400 query.node'],
  ['PUT /pubsub/nodes', { query: node, body: { values: { accessModel: 'all' } } }, '400 body.values.accessModel'],
  ['PATCH /pubsub/nodes', { query: node, body: {} }, '400 body.values'],
  ['DELETE /pubsub/nodes', { query: { node: '' } }, '400 query.node'],
  ['GET /pubsub/subscriptions', { query: { service: '@' } }, '422 jid-malformed query.service'],
  ['PUT /pubsub/subscriptions', { body: {} }, '400 query.node'],
  ['DELETE /pubsub/subscriptions', { query: { ...node, subscriptionId: '' } }, '400 query.subscriptionId'],
  ['GET /pubsub/affiliations', { query: { ...node, limit: 0 } }, '400 query.limit'],
  ['PATCH /pubsub/affiliations', { query: node, body: { affiliations: [] } }, '400 body.affiliations'],
  [
    'PATCH /pubsub/affiliations',
    { query: node, body: { affiliations: [{ jid: 'a@b', affiliation: 'king' }] } },
    '400 body.affiliations.0.affiliation',
  ],
  [
    'PATCH /pubsub/affiliations',
    { query: node, body: { affiliations: [{ jid: '@', affiliation: 'owner' }] } },
    '422 jid-malformed body.affiliations.0.jid',
  ],
  ['POST /pubsub/purge', { query: { service: 'localhost' } }, '400 query.node'],
  ['GET /commands', {}, '400 query.jid'],
  ['GET /commands', { query: { jid: '@' } }, '422 jid-malformed query.jid'],
  ['POST /commands', { body: { jid: 'localhost' } }, '400 body.node'],
  ['POST /commands', { body: { jid: 'localhost', node: long } }, '400 body.node'],
  ['POST /commands/cmd_none', { body: {} }, '404 command-not-found'],
  ['POST /commands/cmd_none', { body: { action: 'jump' } }, '400 body.action'],
  ['DELETE /commands/cmd_none', {}, '404 command-not-found'],
  ['GET /registration', {}, '400 query.domain'],
  ['GET /registration', { query: { domain: 'a b' } }, '422 jid-malformed query.domain'],
  ['GET /registration', { query: { domain: 'localhost', service: 'http://localhost' } }, '400 query.service'],
  ['POST /registration', { body: { domain: 'localhost', username: 'tybalt' } }, '400 body.password'],
  ['POST /registration', { body: { domain: 'localhost', username: '', password: 'x' } }, '400 body.username'],
  ['PUT /registration/password', { body: { password: '' } }, '400 body.password'],
  ['PUT /registration/password', { body: { pasword: 'x' } }, '400 body.password'],
  ['DELETE /registration', { body: {} }, '400 body.jid'],
  ['DELETE /registration', { body: { jid: 'juliet@localhost' } }, '400 body.jid'],
  ['PUT /chats/%40/displayed', { body: { id: '1' } }, '422 jid-malformed params.jid'],
  ['PUT /chats/juliet@localhost/displayed', { body: {} }, '400 body.id'],
  ['PUT /chats/juliet@localhost/displayed', { body: { id: '1', stanzaId: 1 } }, '400 body.stanzaId'],
  ['PUT /chats/juliet@localhost/displayed', { body: { id: '\u0000' } }, '422 illegal-character body.id'],
  ['POST /push', { body: { jid: 'push.example.com' } }, '400 body.node'],
  ['POST /push', { body: { jid: '@', node: 'x' } }, '422 jid-malformed body.jid'],
  ['POST /push', { body: { jid: 'push.example.com', node: 'x', values: { a: {} } } }, '400 body.values.a'],
  ['DELETE /push', { query: { node: 'x' } }, '400 query.jid'],
]

forEachCell('what is wrong in a request', { only: ['prosody+memory'], server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
  })
  after(() => romeo?.close())

  /** what the account has at its server */
  const kept = () =>
    Promise.all(
      [
        ['/profile', {}],
        ['/blocklist', {}],
        ['/disco/items', { jid: romeo.jid }],
      ].map(async ([path, query]) => (await romeo.api('GET', path as string, { query: query as Record<string, string> })).body),
    )

  it('is said exactly, and nothing is done', async () => {
    const before = await kept()
    const outcomes: string[] = []
    for (const [request, options] of rows) {
      const [method, path] = request.split(' ') as [string, string]
      const hasNone = path === '/registration' && method !== 'DELETE'
      const { status, body } = await (hasNone ? cell().gateway.api : romeo.api)(method, path, options)
      const at = body?.errors?.[0]?.path
      const parts = body?.code === 'invalid-request' ? [status, at] : [status, body?.code, at]
      outcomes.push(parts.filter((part) => part !== undefined).join(' '))
    }
    const said = (all: readonly string[]) => rows.map(([request, { query, body }], index) => [request, query, body, all[index]])
    assert.deepEqual(said(outcomes), said(rows.map(([, , outcome]) => outcome)))
    assert.deepEqual(await kept(), before)
  })
})
