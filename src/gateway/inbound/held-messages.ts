import type { Element } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import { defineKind } from '../contract/state-kind.ts'
import type { Arrival } from './copies.ts'
import { trustedStanzaId } from './provenance.ts'
import { collect, type Handled } from './queue.ts'
import { add, nothing, type Receiving } from './receiving.ts'

/** messages that are held, and characters of them as JSON; more are told at once, before what the archive brings: late is better than never */
const HELD_MAX = 20_000
const HELD_SIZE = 16 * 1024 * 1024
/** of these, messages that are let in with one commit, and characters of them after which it ends */
const RELEASED = 50
const RELEASED_SIZE = 1024 * 1024

/** A message that waits for the end of a catch-up. Of one that a build before left nothing but its connection is known. */
export interface HeldMessage extends Partial<Arrival> {
  connection: number
  xml: string
}

/** Messages that wait for the end of a catch-up, by their order. The server was told that they came: no more are held than this has room for. */
export const heldMessages = defineKind<HeldMessage>({
  name: 'held',
  bound: 'held-messages',
  entries: 25_000,
  size: 24 * 1024 * 1024,
  firm: true,
})

/** Messages that came while the archive was read, stored: what the archive brings comes before them. */
export interface Held {
  /** from now on messages are held, until all were released */
  begin(): void
  isHolding(): boolean
  /** Holds a message; undefined where there is no room for more. */
  add(arrival: Arrival, stanza: Element): Handled | undefined
  /** Is a message held that the archive has under this id? */
  has(stanzaId: string): boolean
  /** What the first of them come to; once there are no more, nothing is held any longer. */
  release(): Promise<Handled>
}

const sizeOf = (value: unknown) => JSON.stringify(value).length

interface HeldContext {
  receiving: Pick<Receiving, 'session' | 'turn' | 'watch' | 'clock' | 'remember'>
  /** what a message comes to that is let in */
  handle(arrival: Arrival, stanza: Element): Promise<Handled>
}

export const createHeld = (context: HeldContext): Held => new HeldBySession(context)

/** A class because each session has one, and there are thousands of sessions. */
class HeldBySession implements Held {
  readonly #context: HeldContext
  #isHolding = false
  /** the order of the last one */
  #last = 0
  #size = 0
  /** keys of those that are being let in, in their order */
  #releasing: string[] | undefined
  /** stanza-ids of those that are held; few sessions hold any for long */
  #ids: Set<string> | undefined

  constructor(context: HeldContext) {
    this.#context = context
  }

  begin(): void {
    this.#isHolding = true
    this.#releasing = undefined
    // behind what an earlier catch-up left waiting
    const all = this.#context.receiving.session.state.all(heldMessages)
    for (const key of all.keys()) this.#last = Math.max(this.#last, Number(key))
    this.#size = [...all.values()].reduce((sum, value) => sum + sizeOf(value), 0)
  }

  isHolding(): boolean {
    return this.#isHolding
  }

  add(arrival: Arrival, stanza: Element): Handled | undefined {
    const { session, remember } = this.#context.receiving
    const value: HeldMessage = { ...arrival, xml: serialize(stanza) }
    const more = sizeOf(value)
    if (session.state.all(heldMessages).size >= HELD_MAX || this.#size + more > HELD_SIZE) return undefined
    this.#last += 1
    this.#size += more
    const id = trustedStanzaId(stanza, session.record.jid)
    if (id !== undefined) this.#ids = (this.#ids ?? new Set()).add(id)
    return { change: remember({ state: [heldMessages.put(String(this.#last).padStart(12, '0'), value)] }), after: [] }
  }

  has(stanzaId: string): boolean {
    return this.#ids?.has(stanzaId) === true
  }

  async release(): Promise<Handled> {
    const { session, turn, watch } = this.#context.receiving
    const all = nothing()
    this.#releasing ??= [...session.state.all(heldMessages).keys()].sort()
    const keys = this.#releasing
    let released = 0
    let characters = 0
    for (const key of keys) {
      if (released === (watch.isAlone() ? 1 : RELEASED) || characters > RELEASED_SIZE) break
      const wait = turn()
      if (wait) await wait
      released += 1
      characters += await this.#letIn(key, all)
    }
    // messages are held anew meanwhile
    if (this.#releasing !== keys) return all
    this.#releasing = keys.slice(released)
    if (this.#releasing.length > 0) return { ...all, more: true }
    this.#releasing = undefined
    this.#isHolding = false
    this.#size = 0
    this.#ids = undefined
    return all
  }

  /** What one comes to; its characters. */
  async #letIn(key: string, all: Handled): Promise<number> {
    const { session, clock, remember } = this.#context.receiving
    const held = session.state.get(heldMessages, key)
    if (!held) return 0
    const { xml, ...arrival } = held
    const complete = { ...{ stream: '', at: `@${key}`, time: clock.now() }, ...arrival }
    add(all, await this.#context.handle(complete, reparse(xml)))
    // it leaves the list in the commit that stores what it did
    collect(all.change, remember({ state: [heldMessages.remove(key)] }))
    return xml.length
  }
}
