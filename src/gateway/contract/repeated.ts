import type { Element } from '../../xml/element.ts'

/** What each new stream of the primary gets again beside messages: the own presence, the questions of a bind. Each has a key. */
export interface Repeated {
  /**
   * Writes a stanza. Rejects with `given-up` where streams ended over it, until `forget`. `taken` resolves when the stream went on
   * with it, and rejects when it ended before.
   */
  write(key: string, stanza: Element): Promise<{ taken: Promise<void> }>
  /** Asks something. Rejects as the work does, or with `given-up` for an hour after streams ended over it. */
  ask<Result>(key: string, work: () => Promise<Result>): Promise<Result>
  /** it is something else from now on */
  forget(key: string): void
  /** written on the present stream, and not known to be taken */
  isOnItsWay(key: string): boolean
  /** … or streams ended over it */
  isOpen(key: string): boolean
  /** something that was asked is not answered */
  isAsking(): boolean
  /** where stanzas stand that are not acknowledged */
  positions(): ReadonlySet<number>
  acked(position: number): void
  /** the stream ended; it may be resumed */
  broke(): void
  /** The stream goes on at `h`, or is gone. `company`: messages were on their way too. */
  resumed(h: number, company: boolean): void
  lost(company: boolean): void
  stop(): void
}
