import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Utf8Decoder } from '../../../src/xmpp/stream/utf8.ts'

function decoded(bytes: Uint8Array, cuts: readonly number[]): string | undefined {
  const decoder = new Utf8Decoder()
  let text = ''
  let from = 0
  try {
    for (const cut of [...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
      text += decoder.decode(Buffer.from(bytes.subarray(from, cut)))
      from = cut
    }
    // what is unfinished at the end shows when anything comes after it
    return text + decoder.decode(Buffer.from('.'))
  } catch {
    return undefined
  }
}

function expected(bytes: Uint8Array): string | undefined {
  try {
    return `${new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)}.`
  } catch {
    return undefined
  }
}

test('the same as the platform for any bytes in any pieces', () => {
  const cuts = fc.array(fc.nat(200), { maxLength: 12 })
  const words = fc.string({ unit: 'binary' }).map((word) => Buffer.from(word))
  const mixed = fc.array(fc.oneof(words, fc.uint8Array({ maxLength: 3 })), { maxLength: 6 }).map((parts) => Buffer.concat(parts))
  fc.assert(
    fc.property(fc.oneof(words, fc.uint8Array(), mixed), cuts, (bytes, at) => assert.equal(decoded(bytes, at), expected(bytes))),
    { numRuns: 3000 },
  )
})

test('every single lead byte and every cut of the longest characters', () => {
  for (let lead = 0; lead < 256; lead += 1) {
    for (const tail of [[], [0x80], [0xbf, 0xbf], [0x90, 0x80, 0x80], [0x80, 0x80, 0x80], [0x41]]) {
      const bytes = Uint8Array.from([0x61, lead, ...tail])
      for (let cut = 0; cut <= bytes.length; cut += 1) assert.equal(decoded(bytes, [cut]), expected(bytes), `${[...bytes]} at ${cut}`)
    }
  }
})
