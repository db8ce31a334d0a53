import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** What browsers get: the bytes as they are, and made small once. */
export interface ServedFile {
  type: string
  bytes: Buffer
  small: Buffer
}

export async function servedFile(type: string, content: string | Buffer): Promise<ServedFile> {
  const bytes = Buffer.from(content)
  return { type, bytes, small: await promisify(gzip)(bytes, { level: 9 }) }
}

export function sendFile(request: FastifyRequest, reply: FastifyReply, { type, bytes, small }: ServedFile): FastifyReply {
  reply.headers({ ...ofEveryPage, vary: 'Accept-Encoding' }).type(type)
  const takesGzip = /(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(request.headers['accept-encoding'] ?? '')
  return takesGzip ? reply.header('content-encoding', 'gzip').send(small) : reply.send(bytes)
}

/** No page says where it was left for, shares its window with another origin, or asks for what a browser guards. */
const ofEveryPage = {
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'serial', 'hid', 'midi', 'display-capture']
    .map((name) => `${name}=()`)
    .join(', '),
}

/** A policy (CSP 3) that lets a page have what is served here, and what is added, and nothing else. */
export function policyOf(added: Readonly<Record<string, string>>): string {
  const rules = {
    'default-src': `'none'`,
    'script-src': `'self'`,
    'style-src': `'self'`,
    'connect-src': `'self'`,
    'img-src': `'self' data: blob:`,
    'font-src': `'none'`,
    'base-uri': `'none'`,
    'form-action': `'none'`,
    'frame-ancestors': `'none'`,
    ...added,
  }
  return Object.entries(rules)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')
}
