import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findTargets, order, serviceTarget } from '../../../src/xmpp/dial/resolver.ts'

const record = (name: string, priority: number, weight: number, port = 5222) => ({ name, priority, weight, port })
const find = (plain: ReturnType<typeof record>[], direct: ReturnType<typeof record>[] = [], random = () => 0) =>
  findTargets({
    domain: 'example.org',
    service: null,
    lookup: 1000,
    signal: new AbortController().signal,
    resolve: async (name) => (name === '_xmpp-client._tcp.example.org' ? plain : direct),
    random,
  })

describe('where the server of a domain is', () => {
  test('the lowest priority first, STARTTLS and direct TLS in one order (XEP-0368)', async () => {
    const targets = await find([record('b.example', 20, 0), record('a.example', 5, 0)], [record('c.example', 10, 0, 443)])
    assert.deepEqual(targets, [
      { host: 'a.example', port: 5222, kind: 'starttls' },
      { host: 'c.example', port: 443, kind: 'tls' },
      { host: 'b.example', port: 5222, kind: 'starttls' },
    ])
  })

  test('within a priority drawn by weight (RFC 2782)', () => {
    const records = [record('light', 0, 10), record('heavy', 0, 30), record('none', 0, 0)]
    const firsts = new Map<string, number>()
    const draws = 4000
    for (let index = 0; index < draws; index += 1) {
      const [first] = order(records, () => (index + 0.5) / draws)
      firsts.set(first?.name ?? '', (firsts.get(first?.name ?? '') ?? 0) + 1)
    }
    assert.ok(Math.abs((firsts.get('heavy') ?? 0) / (firsts.get('light') ?? 1) - 3) < 0.1)
    assert.ok((firsts.get('none') ?? 0) >= 1 && (firsts.get('none') ?? 0) < draws / 100)
  })

  test('every record is tried once, whatever is drawn', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ priority: fc.nat(3), weight: fc.nat(65535), id: fc.nat() })),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 1 }),
        (records, draws) => {
          let next = 0
          const ordered = order(records, () => draws[next++ % draws.length] as number)
          assert.deepEqual(new Set(ordered), new Set(records))
          assert.equal(ordered.length, records.length)
          assert.deepEqual(
            ordered.map(({ priority }) => priority),
            ordered.map(({ priority }) => priority).sort((a, b) => a - b),
          )
        },
      ),
    )
  })

  test('without records, without an answer or in time: the domain itself on 5222', async () => {
    const fallback = [{ host: 'example.org', port: 5222, kind: 'starttls' }]
    assert.deepEqual(await find([]), fallback)
    const options = { domain: 'example.org', service: null, lookup: 5, signal: new AbortController().signal }
    assert.deepEqual(await findTargets({ ...options, resolve: async () => Promise.reject(new Error('SERVFAIL')) }), fallback)
    assert.deepEqual(await findTargets({ ...options, resolve: () => new Promise(() => undefined) }), fallback)
  })

  test('a dot says that there is none', async () => {
    await assert.rejects(find([record('', 0, 0, 0)]), { reason: 'unreachable' })
    assert.equal((await find([record('', 0, 0, 0)], [record('a.example', 0, 0, 5223)])).length, 1)
  })

  test('an address is not looked up in SRV', async () => {
    const resolve = async () => assert.fail('asked')
    for (const domain of ['192.0.2.1', '[2001:db8::1]']) {
      const [target] = await findTargets({ domain, service: null, lookup: 5, resolve, signal: new AbortController().signal })
      assert.deepEqual([target?.port, target?.kind], [5222, 'starttls'])
    }
  })
})

describe('a service', () => {
  const cases: [string, string, number, string][] = [
    ['xmpp://example.org', 'example.org', 5222, 'starttls'],
    ['xmpp://example.org:80', 'example.org', 80, 'starttls'],
    ['XMPPS://Example.ORG', 'example.org', 5223, 'tls'],
    ['xmpps://example.org:443/', 'example.org', 443, 'tls'],
    ['wss://example.org/ws', 'example.org', 443, 'websocket'],
    ['ws://example.org:5280/ws?x=1', 'example.org', 5280, 'websocket'],
    ['xmpp://bücher.example', 'xn--bcher-kva.example', 5222, 'starttls'],
    ['xmpp://0x7f.1:5222', '127.0.0.1', 5222, 'starttls'],
    ['xmpp://2130706433', '127.0.0.1', 5222, 'starttls'],
    ['xmpp://[::ffff:10.0.0.1]', '10.0.0.1', 5222, 'starttls'],
  ]
  for (const [service, host, port, kind] of cases) {
    test(service, () => {
      const target = serviceTarget(service)
      assert.deepEqual([target.host, target.port, target.kind], [host, port, kind])
    })
  }

  const wrong = [
    '',
    'example.org',
    'xmpp:',
    'xmpp://',
    'http://example.org',
    'xmpp://a:b@example.org',
    'xmpp://example.org/x',
    'xmpp://example.org:99999',
    'xmpp://exa mple',
    'wss://u@example.org/',
    'xmpp://example.org#x',
    'file:///etc/passwd',
  ]
  for (const service of wrong) {
    test(`${JSON.stringify(service)} is none`, () => {
      assert.throws(() => serviceTarget(service), { reason: 'address-not-allowed' })
    })
  }
})
