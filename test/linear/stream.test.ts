/** From bytes to elements, and back: in proportion to the size, however it is cut. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLIENT, type Element, element } from '../../src/xml/element.ts'
import { limitsWith } from '../../src/xml/limits.ts'
import { serialize } from '../../src/xml/serialize.ts'
import type { Channel, ChannelListener } from '../../src/xmpp/stream/channel.ts'
import { Ledger } from '../../src/xmpp/stream/stream-management.ts'
import { Reader } from '../../src/xmpp/stream/stream-reader.ts'
import { assertLinear } from './doubling.ts'

const SIZE = 64 * 1024
const bounds = { size: SIZE, most: 200, little: 4 }
/** bytes of each chunk */
const CHUNKS = [1, 3, 1_000, Number.POSITIVE_INFINITY]
const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

const many = (text: string, size: number) => text.repeat(Math.ceil(size / text.length))
const message = (inner: string) => `<message>${inner}</message>`
const nested = '<a>'.repeat(60) + '</a>'.repeat(60)
const attributes = (count: number, value: string) => Array.from({ length: count }, (_, index) => ` a${index}="${value}"`).join('')
const prefixes = Array.from({ length: 60 }, (_, index) => ` xmlns:p${index}="urn:${index}"`).join('')

/** stanzas that are read to their end */
const whole: Record<string, (size: number) => string> = {
  'a long text': (size) => message(many('a', size)),
  'lines of a text': (size) => message(many('a\r\n', size)),
  'a text that is not ASCII': (size) => message(many('é\u{1f44b}', size / 2)),
  references: (size) => message(many('&quot;', size)),
  'references by number': (size) => message(many('&#x1F44B;', size)),
  'a long attribute': (size) => `<message a="${many("a'", size)}"/>`,
  'references in an attribute': (size) => `<message a="${many('&lt;', size)}"/>`,
  'white space inside a tag': (size) => `<message${many(' \n', size)}/>`,
  'white space inside an end tag': (size) => `<message></message${many(' ', size)}>`,
  'white space around a value': (size) => `<message a${many(' ', size / 2)}=${many(' ', size / 2)}"1"/>`,
  'white space between stanzas': (size) => many('\n', size),
  'a long name': (size) => message(`<${many('a', size / 2)}></${many('a', size / 2)}>`),
  'a long name with a prefix': (size) => message(`<${many('p', size / 2)}:a xmlns:${many('p', size / 2)}="urn:p"/>`),
  'a long name of an attribute': (size) => `<message ${many('a', size)}="1"/>`,
  'a long namespace': (size) => message(`<a xmlns="${many('n', size)}"/>`),
  CDATA: (size) => message(`<![CDATA[${many('a', size)}]]>`),
  'brackets in CDATA': (size) => message(`<![CDATA[${many(']', size)}]]>`),
  'many sections': (size) => message(many('<![CDATA[]]]]>', size)),
  'small stanzas': (size) => many('<message/>', size),
  'many attributes': (size) => many(message(`<a${attributes(100, '1')}/>`), size),
  'many attributes with prefixes': (size) =>
    many(message(`<a${prefixes}${Array.from({ length: 60 }, (_, index) => ` p${index}:a="1"`).join('')}/>`), size),
  'many prefixes': (size) => many(message(`<a${prefixes}>${many('<p59:b/>', 5_000)}</a>`), size),
  'deep nesting': (size) => message(many(nested, size)),
  'deep nesting with prefixes': (size) => many(message(`${'<a xmlns:p="urn:p">'.repeat(60)}${'</a>'.repeat(60)}`), size),
  children: (size) => many(message(many('<a/>', 30_000)), size),
  'text between children': (size) => many(message(many('a<b/>', 30_000)), size),
}

/** what begins and does not end, and what is refused for what it has at its end */
const open: Record<string, (size: number) => string> = {
  'an open text': (size) => `<message>${many('a', size)}`,
  'an open reference': (size) => `<message>&${many('a', size)}`,
  'an open number': (size) => `<message>&#${many('0', size)}`,
  'references of numbers with many digits': (size) => `<message>${many(`&#${'0'.repeat(1_000)}97;`, size)}`,
  ampersands: (size) => `<message>${many('&', size)}`,
  'an open value': (size) => `<message a="${many('a', size)}`,
  'an open reference in a value': (size) => `<message a="&${many('a', size)}`,
  'an open name': (size) => `<${many('a', size)}`,
  'an open name of an attribute': (size) => `<message ${many('a', size)}`,
  'an open end tag': (size) => `<message></${many('m', size)}`,
  colons: (size) => `<${many('a:', size)}`,
  'an open section': (size) => `<message><![CDATA[${many(']]', size)}`,
  'an open tag with attributes': (size) => `<message${attributes(size / 10, '1')}`,
  'open elements': (size) => many('<a>', size),
  'elements with open attributes': (size) => `<message>${many('<a b="', size)}`,
  'a comment': (size) => `<message><!--${many('-', size)}`,
  'a document type': (size) => `<!DOCTYPE ${many('a', size)}`,
  'an instruction': (size) => `<?${many('a', size)}`,
  'a declaration': (size) => `<?xml version="1.0"${many(' ', size)}`,
}

/** What a stream of these bytes brings, by the reader of a connection. */
function read(bytes: Buffer, chunk: number, limit: number): Element[] {
  const elements: Element[] = []
  let listener: ChannelListener | undefined
  const nothing = () => undefined
  const channel: Channel = {
    ...{ secure: true, tls: null, framed: false, backlog: () => 0 },
    ...{ write: nothing, pause: nothing, resume: nothing, end: nothing, destroy: nothing },
    listen: (next) => {
      listener = next
    },
  }
  const reader = new Reader(channel, { readLimits: limitsWith({ bytes: limit }), bounds: { queued: 10 }, monotonic: () => 0 })
  reader.handle({ cuts: true, open: nothing, element: (one) => elements.push(one), ended: nothing })
  listener?.data(Buffer.from(header))
  for (let at = 0; at < bytes.length; at += chunk) listener?.data(bytes.subarray(at, at + chunk))
  return elements
}

describe('a stream is read in proportion to what comes, in chunks of any size', () => {
  for (const [what, xml] of Object.entries({ ...whole, ...open }))
    it(what, async () => {
      if (whole[what] && what !== 'white space between stanzas') {
        const found = read(Buffer.from(xml(SIZE)), 1_000, SIZE * 4)
        assert.ok(found.length > 0 && found.every(({ cut }) => !cut), 'it is read')
      }
      const prepare = (size: number) => {
        const bytes = Buffer.from(xml(size))
        const steps = CHUNKS.flatMap((chunk) => [
          [`chunks of ${chunk}`, () => read(bytes, chunk, size * 4)],
          // over the limit from its first part on
          [`chunks of ${chunk}, left out`, () => read(bytes, chunk, 10_000)],
        ])
        return Object.fromEntries(steps)
      }
      await assertLinear({ what, prepare }, bounds)
    })
})

describe('an element is written in proportion to its size', () => {
  const parsed = (xml: string) => read(Buffer.from(xml), Number.POSITIVE_INFINITY, limitsWith().bytes * 16)
  for (const [what, xml] of Object.entries(whole))
    it(what, async () => {
      const prepare = (size: number) => {
        const elements = parsed(xml(size))
        return { serialize: () => elements.map((one) => serialize(one, '')) }
      }
      await assertLinear({ what, prepare }, bounds)
    })
})

it('what a stream counts costs in proportion to the stanzas', async () => {
  const xml = serialize(element('message', CLIENT, {}, ['a'.repeat(50)]))
  const prepare = (size: number) => ({
    'acknowledged one by one': () => {
      const ledger = new Ledger({ jid: 'a@b/c', id: 'x', max: null })
      const ahead = 2_000
      for (let sent = 1; sent <= size; sent += 1) {
        ledger.send(xml)
        if (sent > ahead) assert.ok(ledger.acknowledge(sent - ahead))
      }
    },
    'stored one by one, others consumed': () => {
      const ledger = new Ledger({ jid: 'a@b/c', id: 'x', max: null })
      for (let received = 1; received <= size; received += 1) {
        const { position } = ledger.receive()
        if (received % 2 === 0) ledger.consume(position)
        else if (received % 101 === 0) ledger.store(position)
      }
    },
  })
  await assertLinear({ what: 'a ledger', prepare }, { size: 100_000, most: 1_000, little: 8 })
})
