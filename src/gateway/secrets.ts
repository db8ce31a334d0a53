import { Problem } from '../errors/problem.ts'
import type { Sealed, Secrets } from './contract/secrets.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord } from './ports/session-record.ts'

export const createSecrets = (seal: Seal, { tenant, id }: Pick<SessionRecord, 'tenant' | 'id'>): Secrets =>
  new SecretsOfSession(seal, tenant, id)

/** A class because each session has one, and there are thousands of sessions. */
class SecretsOfSession implements Secrets {
  readonly #seal: Seal
  readonly #tenant: string
  readonly #session: string

  constructor(seal: Seal, tenant: string, session: string) {
    this.#seal = seal
    this.#tenant = tenant
    this.#session = session
  }

  seal(secret: string, use: string): Sealed {
    return this.#seal.seal(secret, this.#place(use)) as Sealed
  }

  open(sealed: Sealed, use: string): string | undefined {
    try {
      return this.#seal.open(sealed, this.#place(use))
    } catch (error) {
      if (error instanceof Problem && error.code === 'credentials-lost') return undefined
      throw error
    }
  }

  isCurrent(sealed: Sealed): boolean {
    return this.#seal.isCurrent(sealed)
  }

  #place(use: string) {
    return { tenant: this.#tenant, session: this.#session, kind: use }
  }
}
