/** A stanza that was asked for may be larger than others: whether it is one is asked when it comes to a limit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { largerLimits } from '../../src/xml/limits.ts'
import { createStreamParser, type Larger, parseStanza, STREAMS } from '../../src/xml/parse.ts'

const header = `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`
const list = (id: string, items: number, text = '') =>
  `<iq id='${id}'><query xmlns='q'>${Array.from({ length: items }, () => `<item>${text}</item>`).join('')}</query></iq>`

/** What comes of a stream where the answer `big` may have so many bytes, and others 1,000. */
function read(xml: string, most: number, size = 64) {
  const told: Element[] = []
  const asked: number[] = []
  const larger: Larger = ({ attributes: { id } }, bytes) => {
    asked.push(bytes)
    return id === 'big' && bytes < most ? largerLimits(Math.min(bytes * 4, most)) : undefined
  }
  const parser = createStreamParser({
    limits: { bytes: 1_000 },
    cuts: () => true,
    larger,
    onOpen: () => {},
    onElement: (element) => told.push(element),
    onClose: () => {},
  })
  const all = header + xml
  for (let at = 0; at < all.length; at += size) parser.write(all.slice(at, at + size))
  return {
    asked,
    told: told.map(({ cut, attributes, children }) => [attributes.id, cut ? 'cut' : ((children[0] as Element)?.children.length ?? 0)]),
  }
}

test('the one that was asked for comes whole, in steps, and those around it keep their limit', () => {
  const text = 'x'.repeat(20)
  const others = list('small', 5) + list('other', 200, text)
  for (const size of [1, 64, 100_000]) {
    const { told, asked } = read(others + list('big', 500, text) + others, 100_000, size)
    assert.deepEqual(
      told,
      [
        ['small', 5],
        ['other', 'cut'],
        ['big', 500],
        ['small', 5],
        ['other', 'cut'],
      ],
      `in pieces of ${size}`,
    )
    assert.deepEqual(asked, [1_000, 1_000, 4_000, 16_000, 1_000])
  }
})

test('it has a limit too: of bytes, and of elements, which take more memory than their text', () => {
  assert.deepEqual(read(list('big', 500, 'x'.repeat(20)), 4_000).told, [['big', 'cut']])
  assert.deepEqual(read(list('big', 5_000), 100_000).told, [['big', 'cut']])
  const deep = `<iq id='big'>${'<a>'.repeat(70)}${'</a>'.repeat(70)}${'x'.repeat(2_000)}</iq>`
  assert.deepEqual(read(deep, 100_000).told, [['big', 'cut']])
})

test('a document of one answer is read in time linear in its length', () => {
  const time = (items: number) => {
    const xml = list('big', items, 'ü'.repeat(20))
    const begun = performance.now()
    parseStanza(xml, { bytes: 1_000 }, { cuts: () => true, larger: (_, bytes) => largerLimits(bytes * 4) })
    return performance.now() - begun
  }
  // the best of some: others use the machine too
  const best = (items: number) => Math.min(...Array.from({ length: 5 }, () => time(items)))
  // eight times as much: linear is 8, quadratic 64
  const [one, two] = [best(5_000), best(40_000)]
  assert.ok(two < one * 30 + 100, `${one} ms, then ${two} ms`)
})
