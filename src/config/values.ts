/** How values are written in the environment. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { normalHost } from '../net/address.ts'

export const KiB = 1024
export const MiB = 1024 * KiB
const SECOND = 1000
const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** of AES-256 */
const KEY_BYTES = 32

/** An API key as it is kept: never the key itself. */
export interface ApiKey {
  tenant: string
  /** SHA-256 of the key */
  hash: Buffer
}

export const isHost = (host: string) => isIPv6(host) || normalHost(host) !== undefined

export const apiKeyPattern = /^sgk_[A-Za-z0-9_-]{32,}$/

const list = z
  .string()
  .default('')
  .transform((value) => split(value))

export const hosts = list.refine((all) => all.every(isHost), 'must be host names or addresses, without scheme, port or path')

/** Bytes of the heap for what is old, as Node was told; null where it chose by itself. The last one counts. */
export function oldSpaceOf(flags: readonly string[]): number | null {
  const told = [...flags.join(' ').matchAll(/--max[-_]old[-_]space[-_]size[= ](\d+)/g)].at(-1)?.[1]
  return told === undefined ? null : Number(told) * MiB
}

/** As it was pasted: with the quotes of a shell or a file, or with white space that nobody sees. */
export const tidy = z
  .string()
  .refine((value) => !/^(["']).*\1$/s.test(value), 'must be without the quotes around it')
  .refine((value) => value.trim() === value, 'must have no white space before or after it, no line end either')

export const number = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number)

export const size = z
  .string()
  .regex(/^\d+ ?(?:KiB|MiB)?$/, 'must be bytes, or like 256KiB or 1MiB')
  .transform((value) => Number.parseInt(value, 10) * (value.endsWith('KiB') ? KiB : value.endsWith('MiB') ? MiB : 1))

const units: Record<string, number> = { '': SECOND, ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }
export const duration = z
  .string()
  .regex(/^\d+ ?(?:ms|s|m|h|d)?$/, 'must be seconds, or like 90m, 72h or 3d')
  .transform((value) => Number.parseInt(value, 10) * (units[value.replace(/[\d ]/g, '')] as number))

const RATE = /^\d+ ?\/ ?\d+ ?(?:s|m|h|d)$/
/** so much in so many ms */
export const rate = z
  .string()
  .regex(RATE, 'must be like 100/1s, 600/1m or 5000/1h')
  .transform((value) => {
    const [quota = '', window = ''] = value.split('/')
    return { quota: Number(quota), window: Number.parseInt(window, 10) * (units[window.replace(/[\d ]/g, '')] as number) }
  })
  .refine(({ quota, window }) => quota > 0 && window > 0 && window <= DAY, 'must be more than 0, in at most a day')

/** What is read over it is believed. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

export const url = z.string().refine((text) => /^https?:/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL')

export const keys = z
  .string()
  .regex(/[^\s,]/, 'must have a key')
  .transform((value, context): ApiKey[] =>
    split(value).flatMap((entry): ApiKey[] => {
      const [, tenant, key] = /^([A-Za-z0-9_.-]{1,64})=(.*)$/.exec(entry) ?? []
      if (tenant !== undefined && key !== undefined && apiKeyPattern.test(key)) return [{ tenant, hash: sha256(key) }]
      context.addIssue('must be tenant=key pairs, each key sgk_ and at least 32 of A-Z a-z 0-9 _ -')
      return []
    }),
  )
  .superRefine((all, context) => {
    const tenants = new Map<string, string>()
    for (const { tenant, hash } of all) {
      const digest = hash.toString('hex')
      const other = tenants.get(digest)
      const whose = other === tenant ? `twice (${tenant})` : `for two tenants (${other}, ${tenant})`
      if (other !== undefined) context.addIssue({ code: 'custom', message: `must not have one key ${whose}` })
      tenants.set(digest, tenant)
    }
  })

export const credentialsKeys = z.string().transform((value, context) =>
  split(value).map((entry) => {
    const bytes = Buffer.from(entry, 'base64')
    const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(entry)
    if (!isBase64) context.addIssue(`must be base64, of 32 bytes; ${howToMakeKey}`)
    else if (bytes.length !== KEY_BYTES) context.addIssue(`must be 32 bytes in base64, and is of ${bytes.length}; ${howToMakeKey}`)
    return bytes
  }),
)

export const caFile = z.string().transform((path, context) => {
  try {
    if (hasCertificates(readFileSync(path, 'latin1'))) return path
    context.addIssue('must name a file of certificates in PEM')
  } catch (error) {
    context.addIssue(`cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return z.NEVER
})

export const ports = z
  .string()
  .transform((value) => split(value).map(Number))
  .refine((all) => all.length > 0 && all.every((port) => Number.isInteger(port) && port > 0 && port <= 65535), 'must be port numbers')

export const isSome = (value: number) => value > 0

export const origins = list.refine((all) => all.every(isOrigin), 'must be origins like https://app.example, without a path')

export const howToMakeKey = `make one with: node -e "console.log(require('crypto').randomBytes(32).toString('base64'))"`

export const sha256 = (text: string) => createHash('sha256').update(text).digest()

const split = (value: string) =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** Is there at least one certificate, and are all of them readable? */
function hasCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  return blocks.length > 0 && blocks.every(isCertificate)
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

/** Is it this machine, by name or address? */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (isIPv4(name)) return name.startsWith('127.')
  if (isIPv6(name)) return name === '::1'
  return name === 'localhost' || name.endsWith('.localhost')
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text)
}
