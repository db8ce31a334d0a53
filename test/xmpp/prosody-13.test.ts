import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { prosody13 } from '../../scripts/prosody-13.ts'
import type { Connector, FastToken, UserAgent } from '../../src/gateway/ports/connection.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { connectorFor, follow } from './support.ts'

const modern = ['sasl2', 'sasl2_bind2', 'sasl2_sm', 'sasl2_fast']

describe('SASL2, bind2 and FAST of a real server', () => {
  let server: XmppServer
  let connector: Connector
  before(async () => {
    server = await startProsody({ program: await prosody13(), users: { ada: 'secret', bob: 'hush' }, modules: modern })
    connector = connectorFor(server)
  })
  after(async () => {
    await connector?.close()
    await server?.stop()
  })

  /** a user agent that remembers, as the gateway's store does */
  function userAgentOf(id: string): UserAgent & { tokens: (FastToken | null)[] } {
    const tokens: (FastToken | null)[] = []
    return {
      id,
      tokens,
      token: async () => tokens.at(-1) ?? null,
      keep: async (token) => {
        tokens.push(token)
      },
    }
  }
  const login = (name: string, password: string, userAgent: UserAgent, more: object = {}) =>
    follow(connector.open, { jid: `${name}@localhost`, password, service: server.service, resource: 'phone', userAgent, ...more })

  test('a log-in binds in one round trip and brings a token, which is as good as the password from then on', async () => {
    const userAgent = userAgentOf('d4565fa7-4d72-4749-b3d3-740edbf87770')
    const first = login('ada', 'secret', userAgent)
    const { jid } = await first.online()
    assert.match(jid as string, /^ada@localhost\/phone~/)
    assert.equal(first.connection.managed, true)
    assert.match(userAgent.tokens[0]?.mechanism ?? '', /^HT-SHA-256-(EXPR|ENDP|NONE)$/)
    await first.connection.ping()
    await first.connection.close()

    const again = login('ada', 'not the password', userAgent)
    // the server knows the userAgent by its user agent, and gives it the same address
    assert.equal((await again.online()).jid, jid)
    await again.connection.close()
  })

  test('a stream is resumed inside the log-in, by token', async () => {
    const userAgent = userAgentOf('3f2e9e1c-6a3c-4f0b-8f7e-0d6c5b3a2918')
    const first = login('bob', 'hush', userAgent)
    const { jid } = await first.online()
    const resume = await first.connection.abandon()
    assert.notEqual(resume, null)
    const second = login('bob', 'not the password', userAgent, { resume })
    const { jid: resumed, resumed: went } = await second.online()
    assert.deepEqual([resumed, went, second.lost], [jid, true, []])
    const { position } = second.connection.send(`<message to='${jid}' type='chat'><body>to myself</body></message>`)
    await Promise.all([second.acked(position), second.stanza(({ name }) => name === 'message')])
    await second.connection.close()
  })

  test('a token that the server does not know any more is forgotten, and the password is used', async () => {
    const userAgent = userAgentOf('9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d')
    await userAgent.keep({ mechanism: 'HT-SHA-256-EXPR', token: 'secret-token:fast-unknown', expiry: '2999-01-01T00:00:00Z' })
    const follower = login('ada', 'secret', userAgent)
    await follower.online()
    assert.notEqual(userAgent.tokens.at(-1)?.token, 'secret-token:fast-unknown')
    await follower.connection.close()
  })

  test('a wrong password is final', async () => {
    const follower = login('ada', 'wrong', userAgentOf('16fd2706-8baf-433b-82eb-8c7fada847da'))
    assert.equal((await follower.state('auth-failed')).error?.code, 'xmpp-authentication-failed')
    await follower.connection.close()
    assert.doesNotMatch(readFileSync(server.logFile, 'utf8'), /traceback/i)
  })
})
