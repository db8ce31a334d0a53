/** All that a session knows, read in pieces: Redis serves all sessions over one connection, and so does the process over one thread. */
import { Problem } from '../../errors/problem.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { lastOf } from '../pieces.ts'
import { READ_BYTES } from '../reading.ts'
import type { Connection } from './connection.ts'
import { disclose } from './envelope.ts'
import { sessionKey, stateKey } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** times that it is read from the start where Redis was another one halfway: a place in a hash is only good where it was given */
const TRIES = 3

/** which kind is next and where in it · of each kind: which, keys and values, how many there are where these are the last ones */
type Piece = [next: number, place: string, ...read: [kind: number, values: string[], entries: number][]]

export function createPieces({ connection, scripts }: { connection: Connection; scripts: Scripts }): Store['state']['pieces'] {
  const { client, ask } = connection

  return async function* (id, { last = [] }) {
    const kinds = lastOf(await ask(() => client.smembers(sessionKey('kinds', id))), last)
    const hashes = kinds.map((kind) => stateKey(id, kind))
    for (let tries = 0; tries < TRIES; tries += 1) {
      let isWhole = true
      let seen = new Set<string>()
      for (let next = 0, place = '0'; next < kinds.length; ) {
        const piece = await scripts.readState<Piece>(id, [READ_BYTES, next, place], hashes)
        const read = piece.slice(2) as Piece[2][]
        next = piece[0]
        place = piece[1]
        const values: StateChange[] = []
        for (const [kind, texts, entries] of read) {
          for (let index = 0; index < texts.length; index += 2) {
            const key = texts[index]!
            seen.add(key)
            const value = disclose(texts[index + 1])
            if (value !== undefined) values.push({ kind: kinds[kind]!, key, value })
          }
          if (entries < 0) continue
          isWhole &&= seen.size >= entries
          seen = new Set()
        }
        if (values.length > 0) yield values
      }
      if (isWhole) return
    }
    throw new Problem('store-unavailable', 'What the session knows could not be read to its end.', { retryAfter: 2 })
  }
}
