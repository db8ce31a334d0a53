/** The tokens of hooks: whoever has one may say something, so only its hash is kept. */
import { randomBytes } from 'node:crypto'

const PATH = '/hooks/in/'

export const newToken = (): string => `sgi_${randomBytes(32).toString('base64url')}`

/** The URL that the other service calls: whole where it is known how this gateway is called from outside. */
export const urlOf = (token: string, origin: string | undefined): string => `${origin ?? ''}${PATH}${token}`
