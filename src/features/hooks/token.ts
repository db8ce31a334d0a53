/** The tokens of hooks: whoever has one may say something, so only its hash is kept. */
import { createHash, randomBytes } from 'node:crypto'

const PATH = '/hooks/in/'

export const newId = (): string => `hok_${randomBytes(16).toString('base64url')}`
export const newToken = (): string => `sgi_${randomBytes(32).toString('base64url')}`
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** The URL that the other service calls: whole where it is known how this gateway is called from outside. */
export const urlOf = (token: string, origin: string | undefined): string => `${origin ?? ''}${PATH}${token}`
