/** Bodies of forms with one file (RFC 7578). How long the file is is known at its end alone: until then it is on the disk. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import { Problem } from '../errors/problem.ts'
import { bodyTooLarge, invalidRequest } from '../errors/refusals.ts'
import type { TakenBytes } from '../gateway/contract/operation.ts'

/** bytes of a form beside its file */
const ENVELOPE = 64 * 1024

export const isMultipart = (type: string) => /^multipart\/form-data\s*(?:;|$)/i.test(type)

/** Takes the one file of a form. Throws body-too-large, invalid-request, and what the chunks end with. */
export async function takeFile({
  type,
  size,
  limit,
  chunks,
}: {
  type: string
  /** of the whole form, where it was told */
  size: number | undefined
  limit: number
  /** the body, which may have so many bytes */
  chunks: (most: number) => AsyncIterable<Uint8Array>
}): Promise<TakenBytes> {
  if (size !== undefined && size > limit + ENVELOPE) throw bodyTooLarge(limit)
  const file = await unnamedFile()
  try {
    const told = await readForm(Readable.from(chunks(size ?? limit + ENVELOPE), { objectMode: false }), { type, limit, file })
    return { ...told, bytes: file.createReadStream({ start: 0, autoClose: false }), free: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readForm(
  body: Readable,
  { type, limit, file }: { type: string; limit: number; file: FileHandle },
): Promise<Pick<TakenBytes, 'size' | 'mediaType' | 'fileName'>> {
  const form = parser(type, limit)
  let taken: Promise<Pick<TakenBytes, 'size' | 'mediaType' | 'fileName'>> | undefined
  const stop = (problem: Problem) => void form.destroy(problem)
  form.on('file', (_field, stream, fileName, _encoding, mediaType) => {
    stream.on('limit', () => stop(bodyTooLarge(limit)))
    taken = written(stream, file).then((size) => ({ size, mediaType, ...(fileName && { fileName }) }))
    taken.catch(() => {}) // told below
  })
  form.on('field', (name) => stop(invalidRequest(`body.${name}`, 'is not taken: the form has one file and nothing else')))
  form.on('filesLimit', () => stop(invalidRequest('body', 'must have one file alone')))
  form.on('partsLimit', () => stop(invalidRequest('body', 'must have one file alone')))
  try {
    await pipeline(body, form)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw invalidRequest('body', 'is not a form that can be read', { detail: 'The body is not multipart/form-data.', cause: error })
  }
  if (!taken) throw invalidRequest('body', 'must have a file', { detail: 'The form has no file.' })
  return await taken
}

function parser(type: string, limit: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits: { files: 1, fields: 1, parts: 2, fileSize: limit, fieldSize: 1024, headerPairs: 20 },
    })
  } catch (cause) {
    throw invalidRequest('header.content-type', 'has no boundary', { detail: 'The media type of the form has no boundary.', cause })
  }
}

async function written(stream: BusboyFileStream, file: FileHandle): Promise<number> {
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    await file.writev([chunk])
    size += chunk.length
  }
  return size
}

/** A file for this process alone, which is gone with it. */
async function unnamedFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `stanzagate-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}
