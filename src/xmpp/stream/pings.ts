import { randomBytes } from 'node:crypto'
import { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Manners } from './manners.ts'
import type { Ledger } from './stream-management.ts'

interface Ping {
  /** of its stanza on the stream */
  position: number
  /** with a problem where the stream ended first */
  done: (problem?: Problem) => void
}

interface PingsContext {
  readonly domain: string
  readonly manners: Manners
  readonly ledger: Ledger
  write(xml: string): Promise<void>
}

/** Our pings to the server (XEP-0199) that have no answer yet. A class because each stream has them, and there are thousands of streams. */
export class Pings {
  readonly #context: PingsContext
  #waiting: Map<string, Ping> | undefined

  constructor(context: PingsContext) {
    this.#context = context
  }

  get size(): number {
    return this.#waiting?.size ?? 0
  }

  send(done: Ping['done']): void {
    const { domain, manners, ledger } = this.#context
    const id = `ping-${randomBytes(16).toString('base64url')}`
    const xml = serialize(manners.ping(domain, id))
    this.#waiting ??= new Map()
    this.#waiting.set(id, { position: ledger.send(xml), done })
    void this.#context.write(xml)
  }

  /** Resolves when one is answered; rejects with the problem of the stream's end, or xmpp-timeout after `ms`. */
  answered(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Problem('xmpp-timeout', 'The XMPP server did not answer a ping.')), ms)
      this.send((problem) => {
        clearTimeout(timer)
        if (problem === undefined) resolve()
        else reject(problem)
      })
    })
  }

  /** the ping that a stanza answers, which waits no more then */
  take(stanza: Element): Ping | undefined {
    const { id = '' } = stanza.attributes
    const ping = stanza.name === 'iq' ? this.#waiting?.get(id) : undefined
    const { domain, manners, ledger } = this.#context
    if (ping === undefined || !manners.isPong(stanza, { domain, own: ledger.jid })) return undefined
    this.#waiting?.delete(id)
    return ping
  }

  fail(problem: Problem): void {
    const waiting = [...(this.#waiting?.values() ?? [])]
    this.#waiting = undefined
    for (const { done } of waiting) done(problem)
  }
}
