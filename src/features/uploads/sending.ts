/** A file on its way from a caller to the upload service, a piece at a time. */
import { createHash } from 'node:crypto'
import { Problem } from '../../errors/problem.ts'
import type { SessionCall, TakenBytes } from '../../gateway/contract/operation.ts'
import type { Put } from '../../gateway/ports/put.ts'
import type { FileLink } from '../file-message.ts'
import { fileNameOf } from './name.ts'
import { type NewFile, requestSlot, type Slot } from './slot.ts'

/** files of one session that are on their way at one time, on this instance */
const AT_ONCE = 4
/** ms for a place for the file: the services of the server may have to be found first */
const SLOT_WITHIN = 60_000
const FILE_NAME = 'file'
const MEDIA_TYPE = 'application/octet-stream'

export type SessionOf = Pick<SessionCall, 'session' | 'signal'>

export const askForSlot = ({ session, signal }: SessionOf, file: NewFile): Promise<Slot> =>
  session.perform(requestSlot, file, { timeout: SLOT_WITHIN, signal, repeatable: true })

/** Takes one more file of a session, or rejects with too-many-requests. */
export function createTurns(): <Result>(session: string, run: () => Promise<Result>) => Promise<Result> {
  const under = new Map<string, number>()
  return async (session, run) => {
    const others = under.get(session) ?? 0
    if (others >= AT_ONCE)
      throw new Problem('too-many-requests', `${AT_ONCE} files of this session are on their way already.`, { retryAfter: 1 })
    under.set(session, others + 1)
    try {
      return await run()
    } finally {
      const left = (under.get(session) ?? 1) - 1
      if (left > 0) under.set(session, left)
      else under.delete(session)
    }
  }
}

/** Sends it to the upload service, and answers where it is then. */
export async function sendFile(
  call: SessionOf,
  { taken, fileName = taken.fileName, put }: { taken: TakenBytes; fileName: string | undefined; put: Put },
): Promise<Required<FileLink>> {
  const { size, bytes, mediaType = MEDIA_TYPE } = taken
  const file = { fileName: fileNameOf(fileName ?? FILE_NAME, 'query.fileName'), size, mediaType }
  const slot = await askForSlot(call, file)
  const hash = createHash('sha256')
  async function* hashed() {
    for await (const chunk of bytes) {
      hash.update(chunk)
      yield chunk
    }
  }
  const headers = { 'content-type': mediaType, ...slot.put.headers }
  await put({ url: slot.put.url, headers, size, bytes: hashed(), signal: call.signal })
  return { url: slot.get, ...file, sha256: hash.digest('hex') }
}
