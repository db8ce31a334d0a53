/** What is in examples/, each with a stub of the service that it is for, whose part is done as that service documents it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Account, isMessage, isPresence, openAccount, openClient, textOf, users, withBody } from './behaviour/account.ts'
import { forEachCell } from './support/matrix.ts'
import { dieWithParent, freePorts } from './support/processes.ts'
import type { Client } from './support/second-client.ts'

const folder = new URL('../examples/', import.meta.url)
const example = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const GATEWAY = 'https://gateway.example.com'
const HOOK = `${GATEWAY}/hooks/in/sgi_…`
const json = { 'content-type': 'application/json' }

it('examples are all in the table', () => {
  const table = example('README.md')
  for (const name of readdirSync(folder)) if (name !== 'README.md') assert.ok(table.includes(`| [${name}](${name}) |`), name)
})

const cell = { only: ['prosody+memory'], server: { users: users('bot', 'house', 'bridge', 'juliet') } } as const

forEachCell('an example', { ...cell, gateway: { env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' } } }, (cell) => {
  const room = 'team@conference.localhost'
  /** in the room, where the others are not */
  let bot: Account
  let house: Account
  let juliet: Client
  before(async () => {
    bot = await openAccount(cell(), 'bot')
    house = await openAccount(cell(), 'house')
    juliet = await openClient(cell(), 'juliet')
    const { status } = await bot.api('PUT', `/rooms/${room}`, { body: { nick: 'Bot' } })
    assert.equal(status, 201)
    juliet.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
  })
  after(async () => {
    await juliet?.stop()
    await house?.close()
    await bot?.close()
  })

  const bareOf = ({ jid }: Client) => jid.split('/')[0] as string
  /** where the gateway really is */
  const real = (url: string) => url.replace(GATEWAY, cell().gateway.url)
  const say = (to: string, body: string) => juliet.send(`<message to='${to}' type='chat'><body>${body}</body></message>`)

  /** what came that no test has waited for */
  const unasked = (body: string) => juliet.stanzas.filter(({ element }) => withBody(body)(element))

  /** What a service sends to the URL of its configuration, which is that of a hook, and what is heard then. */
  async function told(url: string, { to, format }: { to: string; format: string }, body: object, headers: object = {}): Promise<string> {
    assert.equal(url, HOOK)
    const made = await cell().gateway.api('POST', '/hooks', { body: { name: format, session: bot.id, to, format } })
    assert.equal(made.status, 201, made.text)
    const answer = await fetch(made.body.url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
    assert.equal(answer.status, 202)
    const { id } = (await answer.json()) as { id: string }
    const { element } = await juliet.next((one) => isMessage(one) && one.attributes.id === id)
    assert.equal(element.attributes.from, to === room ? `${room}/Bot` : bot.full)
    return textOf(element, 'body') ?? ''
  }

  interface Taken {
    path: string
    headers: IncomingHttpHeaders
    body: string
  }

  /** A service that takes what is sent to it. */
  async function service(t: TestContext): Promise<{ url: string; next: () => Promise<Taken> }> {
    const taken: Taken[] = []
    const server = createServer(async (request, response) => {
      taken.push({ path: request.url ?? '', headers: request.headers, body: await text(request) })
      response.writeHead(204).end()
      server.emit('taken')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close().closeAllConnections())
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async next() {
        while (taken.length === 0) await once(server, 'taken')
        return taken.shift()!
      },
    }
  }

  async function webhook(t: TestContext, body: object): Promise<{ id: string; secret: string }> {
    const made = await cell().gateway.api('POST', '/webhooks', { body: { types: ['message.received'], ...body } })
    assert.equal(made.status, 201, made.text)
    t.after(() => cell().gateway.api('DELETE', `/webhooks/${made.body.id}`))
    return made.body
  }

  const alert = {
    status: 'firing',
    labels: { alertname: 'DiskFull', instance: 'db1' },
    annotations: { summary: 'Two hours are left' },
    startsAt: '2026-05-01T10:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.example.com/graph',
    fingerprint: 'a1b2c3d4e5f60718',
  }
  const group = {
    receiver: 'xmpp',
    status: 'firing',
    alerts: [alert],
    groupLabels: { alertname: 'DiskFull' },
    commonLabels: alert.labels,
    commonAnnotations: alert.annotations,
    externalURL: 'http://alerts.example.com',
    groupKey: '{}:{alertname="DiskFull"}',
    truncatedAlerts: 0,
  }
  const words = 'FIRING: DiskFull (1 firing)\n- firing: instance=db1: Two hours are left\nhttp://alerts.example.com'

  it('of Alertmanager says alerts in a room', async () => {
    const { route, receivers } = parse(example('alertmanager.yml'))
    const { webhook_configs: hooks } = receivers.find(({ name }: { name: string }) => name === route.receiver)
    assert.equal(await told(hooks[0].url, { to: room, format: 'alertmanager' }, { version: '4', ...group }), words)
  })

  it('of Grafana says alerts to a person', async () => {
    const { contactPoints, policies } = parse(example('grafana.yaml'))
    const { receivers } = contactPoints.find(({ name }: { name: string }) => name === policies[0].receiver)
    const [{ type, settings }] = receivers
    assert.deepEqual([type, settings.httpMethod], ['webhook', 'POST'])
    const body = { ...group, version: '1', orgId: 1, title: '[FIRING:1] DiskFull', state: 'alerting', message: '**Firing**' }
    assert.equal(await told(settings.url, { to: bareOf(juliet), format: 'grafana' }, body), words)
  })

  it('of GitHub says in a room what happens in a repository', async () => {
    const { events, config } = JSON.parse(example('github.json'))
    assert.ok(events.includes('push'))
    assert.equal(config.content_type, 'json')
    const push = {
      ref: 'refs/heads/main',
      compare: 'https://github.example.com/orchard/compare/1...2',
      repository: { full_name: 'capulet/orchard' },
      pusher: { name: 'romeo' },
      sender: { login: 'romeo' },
      commits: [{ id: '0123456789abcdef', message: 'Climb the wall' }],
    }
    const headers = { 'x-github-event': 'push', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' }
    const said = await told(config.url, { to: room, format: 'github' }, push, headers)
    assert.equal(said, `[capulet/orchard] romeo pushed 1 commit to main\n- 0123456 Climb the wall\n${push.compare}`)
  })

  it('of Home Assistant notifies, and hears what is said', async (t) => {
    const secrets: Record<string, string> = { stanzagate_authorization: `Bearer ${house.token}`, stanzagate_webhook_id: 'random-word' }
    const resolve = (name: string) => secrets[name] ?? assert.fail(name)
    const { rest_command, notify, automation } = parse(example('home-assistant.yaml'), { customTags: [{ tag: '!secret', resolve }] })

    const { url, method, headers, content_type, payload } = rest_command.xmpp
    const fields: Record<string, string> = { to: bareOf(juliet), message: 'It "rains"\nhere' }
    const body = payload.replace(/\{\{ (\w+) \| tojson \}\}/g, (_: string, name: string) => JSON.stringify(fields[name]))
    const commanded = await fetch(real(url), { method, headers: { ...headers, 'content-type': content_type }, body })
    assert.equal(commanded.status, 202, await commanded.text())
    await juliet.next(withBody(fields.message!))

    const [{ platform, resource, message_param_name, target_param_name, ...rest }] = notify
    assert.deepEqual([platform, rest.method], ['rest', 'POST_JSON'])
    const notified = JSON.stringify({ [message_param_name]: 'The front door is open.', [target_param_name]: bareOf(juliet) })
    assert.equal((await fetch(real(resource), { method: 'POST', headers: { ...json, ...rest.headers }, body: notified })).status, 202)
    await juliet.next(withBody('The front door is open.'))

    const { triggers, ...then } = automation.find((one: { triggers: { trigger: string }[] }) => one.triggers[0]!.trigger === 'webhook')
    const assistant = await service(t)
    await webhook(t, { session: house.id, url: `${assistant.url}/api/webhook/${triggers[0].webhook_id}` })
    say(house.full, 'Lights on')
    const taken = await assistant.next()
    assert.match(String(taken.headers['content-type']), /json/)
    const paths = [...JSON.stringify(then).matchAll(/trigger\.json\.([\w.]+)/g)].map(([, path]) => path!.replace(/\.split$/, ''))
    const values = paths.map((path) => path.split('.').reduce((value, name) => value?.[name], JSON.parse(taken.body)))
    assert.deepEqual(values, [juliet.jid, 'Lights on', juliet.jid])
  })

  it('of n8n reads and answers, and says how far it came', async () => {
    type Values = { parameters: { name: string; value: string }[] }
    const { nodes, connections } = JSON.parse(example('n8n.json'))
    /** what a node is told, as n8n evaluates it */
    const evaluated = (value: string, $json: unknown, $: (node: string) => unknown): string =>
      value.startsWith('=')
        ? value.slice(1).replace(/\{\{(.*?)\}\}/gs, (_, code) => new Function('$json', '$', `return ${code}`)($json, $))
        : value

    async function perform(name: string, $json: unknown = {}, $: (node: string) => unknown = () => undefined) {
      const { type, parameters } = nodes.find((node: { name: string }) => node.name === name)
      assert.deepEqual([type, parameters.genericAuthType], ['n8n-nodes-base.httpRequest', 'httpHeaderAuth'])
      const pairs = ({ parameters }: Values = { parameters: [] }) =>
        parameters.map(({ name, value }) => [name, evaluated(value, $json, $)] as [string, string])
      const query = new URLSearchParams(pairs(parameters.queryParameters))
      const answer = await fetch(`${real(parameters.url)}?${query}`, {
        method: parameters.method,
        headers: { ...json, ...Object.fromEntries(pairs(parameters.headerParameters)), authorization: `Bearer ${house.token}` },
        ...(parameters.sendBody && { body: evaluated(parameters.jsonBody, $json, $) }),
      })
      assert.ok(answer.ok, `${name}: ${answer.status}`)
      const words = await answer.text()
      return words === '' ? {} : JSON.parse(words)
    }

    assert.deepEqual(Object.keys(connections), ['Every minute', 'Read', 'Each', 'Answer'])
    say(house.full, 'Anybody there?')
    await house.events.next((event) => event.data.body === 'Anybody there?')
    const read = await perform('Read')
    for (const item of read.data) await perform('Answer', item)
    for (const item of read.data) await perform('Answer', item)
    await perform('Done', {}, () => ({ first: () => ({ json: read }) }))
    await juliet.next(withBody('You said: Anybody there?'))
    await house.say(bareOf(juliet), 'Nothing came twice')
    await juliet.next(withBody('Nothing came twice'))
    assert.deepEqual(unasked('You said: Anybody there?'), [])
    const { body } = await house.api('GET', '/events/consumers')
    assert.equal(body.data.find(({ name }: { name: string }) => name === 'n8n').cursor, read.page.next)
  })

  it('of Node-RED is told by a webhook, and answers', async (t) => {
    type Node = Record<string, string> & { wires?: string[][] }
    const nodes = JSON.parse(example('node-red.json')) as Node[]
    const after = (node: Node) => nodes.filter(({ id }) => node.wires?.flat().includes(id!))
    const start = nodes.find(({ type }) => type === 'http in')!
    const red = await service(t)
    const secret = 'a-secret'
    await webhook(t, { session: house.id, url: `${red.url}${start.url}`, headers: { 'X-Secret': secret } })
    say(house.full, 'Good morning')
    const { path, headers, body } = await red.next()
    assert.equal(path, start.url)

    /** what comes out of the flow for a request, by the nodes that there are */
    function through(msg: {
      payload: unknown
      req: object
      headers?: Record<string, string>
    }): { node: Node; msg: typeof msg } | undefined {
      let node = start
      let now: typeof msg | null = msg
      for (;;) {
        const [next] = after(node).filter(({ type }) => type !== 'http response')
        node = next ?? assert.fail('the flow ends without a request')
        if (node.type === 'http request') return { node, msg: now }
        if (node.type === 'json') now = { ...now, payload: JSON.parse(String(now.payload)) }
        else now = new Function('msg', 'env', node.func!)(now, { get: () => secret }) as typeof msg | null
        if (now === null) return undefined
      }
    }
    assert.equal(through({ payload: body, req: { headers: { ...headers, 'x-secret': 'another' } } }), undefined)
    const { node, msg } = through({ payload: body, req: { headers } }) ?? assert.fail('the flow has let it go')
    assert.deepEqual([node.method, node.authType, node.ret], ['POST', 'bearer', 'obj'])
    const authorization = `Bearer ${house.token}`
    const request = { method: node.method!, headers: { ...json, ...msg.headers, authorization }, body: JSON.stringify(msg.payload) }
    assert.equal((await fetch(real(node.url!), request)).status, 202)
    await juliet.next(withBody('You said: Good morning'))
  })

  it('joins a room and a service', async (t) => {
    const bridge = await openAccount(cell(), 'bridge')
    t.after(() => bridge.close())
    const chat = await service(t)
    const [port] = await freePorts(1)
    const own = `http://127.0.0.1:${port}`
    const { secret } = await webhook(t, { session: bridge.id, url: `${own}/room` })
    const env = {
      ...{ PATH: process.env.PATH, URL: cell().gateway.url, TOKEN: bridge.token, ROOM: room, WEBHOOK_SECRET: secret },
      ...{ SERVICE_URL: `${chat.url}/hook`, SERVICE_TOKEN: 'service-token', PORT: String(port) },
    }
    const client = fileURLToPath(new URL('support/own-client.ts', import.meta.url))
    const [program = '', ...args] = [...dieWithParent(), process.execPath, '--import', client, fileURLToPath(new URL('bridge.ts', folder))]
    const running = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(createInterface({ input: running.stdout }), 'line')
      assert.equal(line, `in ${room}, listening`)
      juliet.send(`<message to='${room}' type='groupchat'><body>Who is there?</body></message>`)
      const { path, body } = await chat.next()
      const { id, ...said } = JSON.parse(body)
      assert.deepEqual([path, said], ['/hook', { user: 'Juliet', text: 'Who is there?' }])
      assert.match(id, /^[\w-]+$/)
      const tell = (at: string) =>
        fetch(`${own}${at}`, { method: 'POST', body: JSON.stringify({ id: 'c1', user: 'Nurse', text: 'Your mother' }) })
      assert.deepEqual([(await tell('/service/wrong')).status, (await tell('/room')).status], [404, 401])
      assert.equal((await tell('/service/service-token')).status, 202)
      assert.equal((await tell('/service/service-token')).status, 202)
      const { element } = await juliet.next(withBody('Nurse: Your mother'))
      assert.equal(element.attributes.from, `${room}/Bridge`)
      // what it says itself does not go back
      juliet.send(`<message to='${room}' type='groupchat'><body>Coming!</body></message>`)
      assert.equal(JSON.parse((await chat.next()).body).text, 'Coming!')
      assert.deepEqual(unasked('Nurse: Your mother'), [])
    } finally {
      running.kill()
      await once(running, 'exit')
    }
  })
})
