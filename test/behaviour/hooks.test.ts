/** What other services send to a URL is said by the session. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, openAccount, openClient, textOf, users } from './account.ts'

forEachCell('hooks', { server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await juliet?.stop()
    await romeo?.close()
  })

  const bareOf = ({ jid }: Client) => jid.split('/')[0] as string
  const json = { 'content-type': 'application/json' }
  /** what came that no test has waited for */
  const unasked = () => juliet.stanzas.filter(({ element }) => isMessage(element)).map(({ element }) => textOf(element, 'body'))

  async function make(format: string, more: object = {}): Promise<{ id: string; url: string }> {
    const body = { name: format, session: romeo.id, to: bareOf(juliet), format, ...more }
    const answer = await cell().gateway.api('POST', '/hooks', { body })
    assert.equal(answer.status, 201, answer.text)
    assert.match(answer.body.url, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/in\/sgi_[\w-]{43}$/)
    return answer.body
  }

  async function call(url: string, body: string | Uint8Array | object, headers: Record<string, string> = json) {
    const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    const answer = await fetch(url, { method: 'POST', body: sent as string, headers })
    // biome-ignore lint/suspicious/noExplicitAny: an answer or a problem
    return { status: answer.status, body: (await answer.json()) as any }
  }

  /** what is heard next, and the id that the caller got */
  async function said(url: string, body: string | object, headers?: Record<string, string>): Promise<{ text: string; id: string }> {
    const answer = await call(url, body, headers)
    assert.equal(answer.status, 202, JSON.stringify(answer.body))
    const { element } = await juliet.next((one) => isMessage(one) && one.attributes.id === answer.body.id)
    assert.equal(element.attributes.type, 'chat')
    return { text: textOf(element, 'body') ?? '', id: answer.body.id }
  }

  it('are made, listed, read, changed and removed, and their URL is shown once', async () => {
    const { url, ...made } = await make('json', { template: '{{a}}' })
    const { api } = cell().gateway
    assert.deepEqual((await api('GET', `/hooks/${made.id}`)).body, made)
    assert.ok((await api('GET', '/hooks')).body.data.some(({ id }: { id: string }) => id === made.id))
    const changed = await api('PATCH', `/hooks/${made.id}`, { body: { name: 'other', template: null, format: 'text' } })
    const { template: _, ...rest } = made as typeof made & { template: string }
    assert.deepEqual(changed.body, { ...rest, name: 'other', format: 'text' })
    assert.equal((await said(url, 'as it is', { 'content-type': 'text/plain' })).text, 'as it is')
    assert.equal((await api('DELETE', `/hooks/${made.id}`)).status, 204)
    assert.equal((await call(url, 'gone')).body.code, 'hook-not-found')
    assert.equal((await api('GET', `/hooks/${made.id}`)).body.code, 'hook-not-found')
  })

  it('are those of a tenant, and of a session where its token asks', async () => {
    const { id, url } = await make('text')
    const { gateway } = cell()
    const own = await gateway.api('GET', '/hooks', { key: romeo.token })
    assert.ok(own.body.data.some((one: { id: string }) => one.id === id))
    const made = await gateway.api('POST', '/hooks', { key: romeo.token, body: { name: 'own', to: bareOf(juliet), format: 'text' } })
    assert.equal(made.status, 201)
    assert.equal(made.body.session, romeo.id)
    const nobody = await gateway.api('POST', '/hooks', { body: { name: 'nobody', to: bareOf(juliet), format: 'text' } })
    assert.equal(nobody.body.code, 'session-required')
    const other = await gateway.api('POST', '/hooks', {
      body: { name: 'x', session: 'nobody@nowhere.example', to: 'a@b.example', format: 'text' },
    })
    assert.equal(other.body.code, 'session-not-found')
    assert.equal((await call(`${url}x`, 'a')).status, 404)
  })

  it('say text as it is, what XML cannot carry left out', async () => {
    const { url } = await make('text')
    assert.equal((await said(url, 'Ünï ☂ <b>\u001b[31m', { 'content-type': 'text/plain' })).text, 'Ünï ☂ <b>\ufffd[31m')
  })

  it('say JSON, and by a template what that picks, without HTML escapes', async () => {
    assert.deepEqual(JSON.parse((await said((await make('json')).url, { a: [1, '&'] })).text), { a: [1, '&'] })
    const { url } = await make('json', { template: '{{#items}}{{name}} costs {{price}} & more; {{/items}}' })
    const items = [
      { name: '<Tea>', price: 2 },
      { name: '"Cake"', price: 3 },
    ]
    assert.equal((await said(url, { items })).text, '<Tea> costs 2 & more; "Cake" costs 3 & more; ')
  })

  it('say what is written for Slack, by JSON and by its form', async () => {
    const { url } = await make('slack')
    assert.equal(
      (await said(url, { text: 'Up &amp; running: <https://example.com/a|the page>' })).text,
      'Up & running: the page (https://example.com/a)',
    )
    const form = `payload=${encodeURIComponent(JSON.stringify({ text: 'by form' }))}`
    assert.equal((await said(url, form, { 'content-type': 'application/x-www-form-urlencoded' })).text, 'by form')
    const { status, body } = await call(url, { blocks: [] })
    assert.deepEqual([status, body.errors[0].path], [400, 'body.text'])
  })

  describe('of alerts', () => {
    const alert = (instance: string, status = 'firing') => ({
      status,
      labels: { alertname: 'HighLoad', instance },
      annotations: { summary: `${instance} is busy` },
      fingerprint: instance,
    })
    const group = (...alerts: ReturnType<typeof alert>[]) => ({
      version: '4',
      groupKey: '{}:{alertname="HighLoad"}',
      status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
      groupLabels: { alertname: 'HighLoad' },
      alerts,
    })

    it('make one message a group, which says firing and resolved in words', async () => {
      const { url } = await make('alertmanager')
      const { text } = await said(url, group(alert('a'), alert('b', 'resolved')))
      assert.equal(text, 'FIRING: HighLoad (1 firing, 1 resolved)\n- firing: instance=a: a is busy\n- resolved: instance=b: b is busy')
    })

    it('are told again once they are otherwise, and only then', async () => {
      const { url } = await make('alertmanager')
      const firing = await said(url, group(alert('a')))
      const before = unasked().length
      const again = await call(url, group(alert('a')))
      assert.deepEqual([again.status, again.body.id], [202, firing.id])
      assert.match((await said(url, group(alert('a'), alert('b')))).text, /2 firing/)
      assert.match((await said(url, group(alert('a', 'resolved'), alert('b', 'resolved')))).text, /^RESOLVED/)
      assert.match((await said(url, group(alert('a'), alert('b')))).text, /2 firing/)
      assert.equal(unasked().length, before)
    })

    it('that come twice at one time are one message', async () => {
      const { url } = await make('alertmanager')
      const before = unasked().length
      const answers = await Promise.all(Array.from({ length: 5 }, () => call(url, group(alert('twice')))))
      assert.ok(answers.every(({ status }) => status === 202))
      assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
      await said((await make('text')).url, 'after it', { 'content-type': 'text/plain' })
      assert.equal(unasked().length, before + 1)
    })

    it('may be those of Grafana', async () => {
      const { url } = await make('grafana')
      const { text } = await said(url, { ...group(alert('g')), title: '[FIRING:1] HighLoad', message: '**Firing**' })
      assert.match(text, /^FIRING: HighLoad \(1 firing\)\n- firing: instance=g: g is busy$/)
    })

    it('that are none are refused by what is missing', async () => {
      const { status, body } = await call((await make('alertmanager')).url, { alerts: [] })
      assert.deepEqual([status, body.code, body.errors[0].path], [400, 'invalid-request', 'body.alerts'])
    })
  })

  describe('of GitHub', () => {
    const push = {
      ref: 'refs/heads/main',
      repository: { full_name: 'capulet/orchard' },
      pusher: { name: 'romeo' },
      commits: [{ id: '0123456789', message: 'Climb the wall\n\nAt night' }],
      compare: 'https://github.example/compare',
    }
    const of = (delivery: string) => ({ ...json, 'x-github-event': 'push', 'x-github-delivery': delivery })
    const words = '[capulet/orchard] romeo pushed 1 commit to main\n- 0123456 Climb the wall\nhttps://github.example/compare'

    it('say what happened, each delivery once, and as a form too', async () => {
      const { url } = await make('github')
      const first = await said(url, push, of('d1'))
      assert.equal(first.text, words)
      assert.equal((await call(url, push, of('d1'))).body.id, first.id)
      const form = { ...of('d2'), 'content-type': 'application/x-www-form-urlencoded' }
      const second = await said(url, new URLSearchParams({ payload: JSON.stringify(push) }).toString(), form)
      assert.equal(second.text, words)
      assert.notEqual(second.id, first.id)
    })

    it('are known by their header', async () => {
      assert.equal((await call((await make('github')).url, push)).status, 400)
    })
  })

  it('take what they take: 256 KiB, UTF-8, JSON, something to say', async () => {
    const { url } = await make('json')
    const large = await call(url, 'x'.repeat(256 * 1024 + 1))
    assert.deepEqual([large.status, large.body.detail], [413, 'What a service sends may have at most 262144 bytes.'])
    assert.equal((await call(url, new Uint8Array([0xff, 0xfe]))).status, 400)
    assert.equal((await call(url, '{"a":')).body.code, 'invalid-request')
    assert.equal((await call((await make('text')).url, '  ')).status, 400)
    const bad = await cell().gateway.api('POST', '/hooks', {
      body: { name: 'x', session: romeo.id, to: bareOf(juliet), format: 'json', template: '{{#a}}' },
    })
    assert.deepEqual([bad.status, bad.body.errors[0].path], [400, 'body.template'])
  })
})
