import { isAscii, isUtf8 } from 'node:buffer'
import { XmlError } from '../../xml/parse.ts'

/**
 * Bytes to text, for chunks that may end inside a character. Throws XmlError for what is not UTF-8 (overlong forms and surrogates
 * included) and keeps nothing but the bytes of the unfinished character: there is one of these per connection.
 */
export class Utf8Decoder {
  #rest: Buffer | undefined

  decode(chunk: Buffer): string {
    if (this.#rest === undefined && isAscii(chunk)) return chunk.toString('latin1')
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.length - unfinished(bytes)
    this.#rest = end < bytes.length ? Buffer.from(bytes.subarray(end)) : undefined
    const whole = bytes.subarray(0, end)
    if (!isUtf8(whole)) throw new XmlError('unsupported-encoding', 'The stream is not UTF-8.')
    return whole.toString()
  }
}

/** How many bytes at the end are the beginning of a character. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0
    return needed > back ? back : 0
  }
  return 0
}
