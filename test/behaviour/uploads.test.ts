import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { elements } from '../../src/xml/element.ts'
import { result, serveAccount } from '../support/fake-account.ts'
import { type FakeServer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isMessage, openAccount, openClient, users } from './account.ts'

const MiB = 1024 * 1024
const LIMIT = 200 * MiB
const oneOfEach = ['prosody+memory', 'ejabberd+redis'] as const
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

forEachCell(
  'files that are uploaded',
  { only: oneOfEach, server: { users: users('romeo', 'juliet') }, gateway: { env: { UPLOAD_LIMIT: String(LIMIT) } } },
  (cell) => {
    let romeo: Account
    let juliet: Client

    before(async () => {
      romeo = await openAccount(cell(), 'romeo')
      juliet = await openClient(cell(), 'juliet')
    })
    after(async () => {
      await Promise.all([juliet?.stop(), romeo?.close()])
    })

    const upload = (bytes: Uint8Array | FormData, query: Record<string, string> = {}, headers: Record<string, string> = {}) =>
      send('/uploads', bytes, query, headers)
    async function send(path: string, bytes: Uint8Array | FormData, query: Record<string, string>, headers: Record<string, string>) {
      const { url, key } = cell().gateway
      const target = `${url}${path}?${new URLSearchParams({ session: romeo.id, ...query })}`
      const body = bytes as Uint8Array<ArrayBuffer> | FormData
      const answer = await fetch(target, { method: 'POST', body, headers: { authorization: `Bearer ${key}`, ...headers } })
      const text = await answer.text()
      return { status: answer.status, body: JSON.parse(text), text }
    }
    async function download(url: string) {
      const answer = await fetch(url)
      return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()), type: answer.headers.get('content-type') }
    }

    it('can be got by others as they were, of one byte too', async () => {
      for (const size of [1, 100_000]) {
        const bytes = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)))
        const answer = await upload(bytes, { fileName: 'Bild ü.png' }, { 'content-type': 'image/png' })
        assert.equal(answer.status, 201, answer.text)
        const { url, ...rest } = answer.body
        assert.deepEqual(rest, { size: bytes.length, mediaType: 'image/png', fileName: 'Bild ü.png', sha256: sha256(bytes) })
        const got = await download(url)
        assert.deepEqual([got.status, got.type, sha256(got.bytes)], [200, 'image/png', sha256(bytes)])
      }
    })

    it('of no bytes are taken or refused by the server, whichever it does', async () => {
      const answer = await upload(new Uint8Array(0), { fileName: 'empty.txt' }, { 'content-type': 'text/plain' })
      assert.ok([201, 413, 422, 502, 503].includes(answer.status), answer.text)
      if (answer.status === 201) assert.deepEqual([answer.body.size, answer.body.sha256], [0, sha256(new Uint8Array(0))])
    })

    it('come as a form too', async () => {
      const bytes = new TextEncoder().encode('{"a": "form"}')
      const form = new FormData()
      form.append('file', new File([bytes], 'a.json', { type: 'application/json' }))
      const answer = await upload(form)
      assert.equal(answer.status, 201, answer.text)
      const { url, ...rest } = answer.body
      assert.deepEqual(rest, { size: bytes.length, mediaType: 'application/json', fileName: 'a.json', sha256: sha256(bytes) })
      assert.deepEqual((await download(url)).bytes, bytes)
      form.append('file', new File(['b'], 'b.txt'))
      const two = await upload(form)
      assert.deepEqual([two.status, two.body.code], [400, 'invalid-request'], two.text)
      const none = await upload(new FormData())
      assert.deepEqual([none.status, none.body.code], [400, 'invalid-request'], none.text)
      const broken = await upload(new TextEncoder().encode('--x\r\nno'), {}, { 'content-type': 'multipart/form-data; boundary=x' })
      assert.deepEqual([broken.status, broken.body.code], [400, 'invalid-request'], broken.text)
    })

    it('with `to` are sent in the same call, in a form that clients show', async () => {
      const bytes = new TextEncoder().encode('Two households, both alike in dignity')
      const answer = await upload(bytes, { to: juliet.jid, fileName: 'prologue.txt' }, { 'content-type': 'text/plain' })
      assert.equal(answer.status, 201, answer.text)
      const { url, message } = answer.body
      assert.equal(message.status, 'accepted')
      const { element } = await juliet.next((one) => isMessage(one) && one.attributes.id === message.id)
      assert.equal(inner(element, 'body')?.children[0], url)
      assert.equal(inner(inner(element, 'x'), 'url')?.children[0], url)
      const sharing = inner(element, 'file-sharing')
      assert.equal(inner(inner(sharing, 'sources'), 'url-data')?.attributes.target, url)
      const file = inner(sharing, 'file')
      const told = Object.fromEntries(elements(file!).map((one) => [one.name, one.children[0]]))
      assert.deepEqual(told, {
        name: 'prologue.txt',
        'media-type': 'text/plain',
        size: String(bytes.length),
        hash: createHash('sha256').update(bytes).digest('base64'),
      })
    })

    it('that are somewhere already are sent by their URL, and those of others are told as one member', async () => {
      const file = {
        url: 'https://files.example/a.png',
        fileName: 'a.png',
        mediaType: 'image/png',
        size: 3,
        sha256: sha256(new Uint8Array(3)),
      }
      const sent = await romeo.api('POST', '/messages', { body: { to: romeo.full, file } })
      assert.equal(sent.status, 202, sent.text)
      const event = await romeo.events.next(({ type, data }) => type === 'message.received' && data.id === sent.body.id)
      assert.deepEqual([event.data.file, event.data.body], [file, file.url])
      juliet.send(
        `<message to='${romeo.full}' type='chat' id='old'><body>${file.url}</body><x xmlns='jabber:x:oob'><url>${file.url}</url></x></message>`,
      )
      const old = await romeo.events.next(({ type, data }) => type === 'message.received' && data.id === 'old')
      assert.deepEqual(old.data.file, { url: file.url })
      const both = await romeo.api('POST', '/messages', { body: { to: juliet.jid, file, body: 'Look' } })
      assert.deepEqual([both.status, both.body.errors?.[0].path], [400, 'body.body'])
      const wrong = await romeo.api('POST', '/messages', { body: { to: juliet.jid, file: { name: 'x' } } })
      assert.ok(
        wrong.body.errors.some(({ path }: { path: string }) => path === 'body.file.url'),
        wrong.text,
      )
    })

    it('can be uploaded without the gateway, to a place that it asked for', async () => {
      const bytes = new TextEncoder().encode('elsewhere')
      const body = { fileName: 'else.txt', size: bytes.length, mediaType: 'text/plain' }
      const answer = await romeo.api('POST', '/uploads/slots', { body })
      assert.equal(answer.status, 201, answer.text)
      const { put, get } = answer.body
      const stored = await fetch(put.url, { method: 'PUT', body: bytes, headers: { 'content-type': 'text/plain', ...put.headers } })
      assert.equal(stored.status, 201)
      assert.deepEqual((await download(get)).bytes, bytes)
    })

    it('that are too large are refused before they are read, with what is allowed', async () => {
      const answers = await Promise.all([
        romeo.api('POST', '/uploads/slots', { body: { fileName: 'a', size: 180 * MiB } }),
        romeo.api('POST', '/uploads/slots', { body: { fileName: 'a', size: LIMIT + 1 } }),
        refusedAtOnce({ 'content-length': String(LIMIT + 1) }),
      ])
      for (const { status, body } of answers) assert.deepEqual([status, body.code], [413, 'body-too-large'])
      const [ofServer, own, early] = answers.map(({ body }) => body.maxSize)
      assert.ok(ofServer > 0 && ofServer < 180 * MiB, String(ofServer))
      assert.deepEqual([own, early], [LIMIT, LIMIT])
    })

    /** the answer to the head of a request, whose body never comes */
    async function refusedAtOnce(headers: Record<string, string>) {
      const { port, key } = cell().gateway
      const asking = request({
        port,
        method: 'POST',
        path: `/uploads?session=${romeo.id}`,
        headers: { authorization: `Bearer ${key}`, ...headers },
      })
      asking.on('error', () => {})
      asking.flushHeaders()
      try {
        const [response] = (await once(asking, 'response')) as [IncomingMessage]
        let text = ''
        for await (const chunk of response) text += chunk
        return { status: response.statusCode, body: JSON.parse(text) }
      } finally {
        asking.destroy()
      }
    }

    it('need a length, a name that is one, and somebody who can be sent them', async () => {
      const chunked = await refusedAtOnce({ 'transfer-encoding': 'chunked' })
      assert.deepEqual([chunked.status, chunked.body.code], [411, 'length-required'])
      const bytes = new Uint8Array(1)
      const name = await upload(bytes, { fileName: '..' })
      assert.deepEqual([name.status, name.body.errors?.[0].path], [400, 'query.fileName'])
      const to = await upload(bytes, { to: '@' })
      assert.deepEqual([to.status, to.body.code], [422, 'jid-malformed'])
      const packed = await upload(bytes, {}, { 'content-encoding': 'gzip' })
      assert.deepEqual([packed.status, packed.body.code], [415, 'unsupported-media-type'])
    })

    it('that are cut leave nothing behind', async () => {
      const { port, key } = cell().gateway
      const headers = { authorization: `Bearer ${key}`, 'content-length': '1000000' }
      const cut = request({ port, method: 'POST', path: `/uploads?session=${romeo.id}`, headers })
      cut.on('error', () => {})
      await new Promise<unknown>((resolve) => cut.write(new Uint8Array(1000), resolve))
      cut.destroy()
      const next = await upload(new Uint8Array(10))
      assert.equal(next.status, 201, next.text)
    })
  },
)

describe('files that no server takes', () => {
  const services: Server[] = []
  let server: FakeServer
  let gateway: TestGateway
  let session: string
  let slot: string | undefined

  before(async () => {
    const info = 'http://jabber.org/protocol/disco#info'
    server = await startFakeServer((peer) =>
      serveAccount(peer, {
        answers: {
          [info]: (iq) =>
            result(iq, `<query xmlns='${info}'>${slot === undefined ? '' : "<feature var='urn:xmpp:http:upload:0'/>"}</query>`),
          'urn:xmpp:http:upload:0': (iq) =>
            result(iq, `<slot xmlns='urn:xmpp:http:upload:0'><put url='${slot}'/><get url='https://files.example/a'/></slot>`),
        },
      }),
    )
    gateway = await startGateway({ server })
  })
  after(async () => {
    for (const service of services) service.close()
    await gateway?.stop()
    await server?.stop()
  })

  async function serve(answer: RequestListener): Promise<string> {
    const service = createServer(answer).listen(0, '127.0.0.1')
    services.push(service)
    await once(service, 'listening')
    return `http://127.0.0.1:${(service.address() as AddressInfo).port}/a`
  }
  /** what the gateway says to a file that is to go there; by another session, since each remembers its server for a while */
  async function open(place: string | undefined) {
    slot = place
    const { body } = await gateway.api('POST', '/sessions', {
      body: { jid: 'ada@localhost', password: 'secret', resource: `r${Math.random()}`, service: server.service },
    })
    session = body.id
  }
  async function outcome(place: string | undefined) {
    await open(place)
    const answer = await gateway.api('POST', '/uploads', { query: { session }, body: 'words', headers: { 'content-type': 'text/plain' } })
    return [answer.status, answer.body.code]
  }

  it('are not read faster than the service takes them', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(64 * 1024))
    const count = 800
    let go = () => {}
    const slow = await serve((asked, response) => {
      go = () => void asked.resume().once('end', () => response.writeHead(201).end())
    })
    await open(slow)
    {
      const headers = {
        authorization: `Bearer ${gateway.key}`,
        'content-length': String(count * bytes.length),
        'content-type': 'text/plain',
      }
      const sending = request({ port: gateway.port, method: 'POST', path: `/uploads?session=${session}`, headers })
      const answered = once(sending, 'response')
      let written = 0
      const writing = (async () => {
        for (; written < count; written += 1) if (!sending.write(bytes)) await once(sending, 'drain')
        sending.end()
      })()
      // until nothing more is taken
      for (let before = -1; before !== written || written === 0; ) {
        before = written
        await delay(500)
      }
      assert.ok(written < count / 2, `${written} of ${count} pieces were taken`)
      go()
      await writing
      const [response] = (await answered) as [IncomingMessage]
      let text = ''
      for await (const chunk of response) text += chunk
      const hash = createHash('sha256')
      for (let piece = 0; piece < count; piece += 1) hash.update(bytes)
      assert.deepEqual([response.statusCode, JSON.parse(text).sha256], [201, hash.digest('hex')])
    }
  })

  it('are refused with the reason', async () => {
    assert.deepEqual(await outcome(undefined), [501, 'upload-unavailable'])
    assert.deepEqual(await outcome('http://10.0.0.1/a'), [422, 'address-not-allowed'])
    assert.deepEqual(await outcome('https://10.0.0.1/a'), [422, 'address-not-allowed'])
    const inside = await serve((_request, response) => void response.writeHead(201).end())
    const away = await serve(
      (asked, response) => void asked.resume().once('end', () => response.writeHead(307, { location: inside }).end()),
    )
    assert.deepEqual(await outcome(away), [502, 'upload-failed'])
    const broken = await serve((asked) => void asked.socket.destroy())
    assert.deepEqual(await outcome(broken), [502, 'upload-failed'])
    const slow = await serve(
      (asked, response) => void asked.resume().once('end', () => setTimeout(() => response.writeHead(201).end(), 300)),
    )
    assert.deepEqual(await outcome(slow), [201, undefined])
  })
})
