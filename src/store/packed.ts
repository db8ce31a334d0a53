/** Large data of events is kept packed: what a stanza says it says several times, as its body, its text and its elements. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** bytes of JSON from which it is tried, and the part of them that has to be saved */
const PACKED_FROM = 8 * 1024
const SAVED = 0.3

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export interface Packed {
  /** of the JSON, in UTF-8 */
  size: number
  bytes: Buffer
}

/** undefined where that is not worth it */
export function pack(json: string): Packed | undefined {
  if (json.length < PACKED_FROM) return undefined
  const plain = Buffer.from(json)
  const bytes = zstdCompressSync(plain, options)
  return bytes.length > plain.length * (1 - SAVED) ? undefined : { size: plain.length, bytes }
}

export const unpack = ({ size, bytes }: Packed) => zstdDecompressSync(bytes, { chunkSize: Math.max(size, 64) }).toString()
