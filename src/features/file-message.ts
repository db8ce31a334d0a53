/** A file as messages have it: out, in a form that every client shows, and in, as one member that says where it is. */
import { z } from 'zod'
import type { StanzaJson } from '../codec/translate.ts'
import { invalidRequest } from '../errors/refusals.ts'

export const fileShape = {
  url: z
    .string()
    .max(8192)
    .refine((url) => URL.canParse(url), 'must be a URL'),
  fileName: z.string().min(1).max(1023).optional(),
  mediaType: z.string().min(1).max(255).optional(),
  size: z.int().min(0).optional().meta({ description: 'bytes' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits')
    .optional(),
}

/** Where a file is, and what is known of it. */
export const fileLink = z
  .strictObject(fileShape)
  .meta({ id: 'FileLink', description: 'A file that is somewhere already, and what is known of it' })

export type FileLink = z.infer<typeof fileLink>

/** The message with its file as older and newer clients look for it: the body is its URL (XEP-0066, XEP-0447). */
export function withFile({ file, ...json }: StanzaJson & { file?: FileLink | undefined }, path = 'body'): StanzaJson {
  if (file === undefined) return json
  const { url, fileName, mediaType, size, sha256 } = file
  for (const member of ['body', 'oob', 'fileSharing'])
    if (json[member] !== undefined) throw invalidRequest(`${path}.${member}`, 'must not stand beside file, which says it')
  return {
    ...json,
    body: url,
    oob: { url },
    fileSharing: [
      {
        file: {
          ...(fileName !== undefined && { name: fileName }),
          ...(mediaType !== undefined && { mediaType }),
          ...(size !== undefined && { size }),
          ...(sha256 !== undefined && { hashes: [{ algorithm: 'sha-256', value: Buffer.from(sha256, 'hex').toString('base64') }] }),
        },
        sources: { urls: [{ target: url }] },
      },
    ],
  }
}

interface Sharing {
  file?: { name?: string; mediaType?: string; size?: number; hashes?: { algorithm?: string; value?: string }[] }
  sources?: { urls?: { target: string }[] }
}

/** The file that a message is about; undefined where it is about none. */
export function fileOf(json: StanzaJson): FileLink | undefined {
  const [sharing] = (json.fileSharing as Sharing[] | undefined) ?? []
  const oob = (json.oob as { url?: string } | undefined)?.url
  const url = sharing?.sources?.urls?.[0]?.target ?? (oob !== undefined && oob === json.body ? oob : undefined)
  if (url === undefined) return undefined
  const { name, mediaType, size, hashes = [] } = sharing?.file ?? {}
  const sha256 = hashes.find(({ algorithm }) => algorithm === 'sha-256')?.value
  return {
    url,
    ...(name !== undefined && { fileName: name }),
    ...(mediaType !== undefined && { mediaType }),
    ...(size !== undefined && { size }),
    ...(sha256 !== undefined && { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
  }
}
