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

export function createHeld({
  session,
  turn,
  watch,
  clock,
  remember,
  handle,
}: Pick<Receiving, 'session' | 'turn' | 'watch' | 'clock' | 'remember'> & {
  /** what a message comes to that is let in */
  handle: (arrival: Arrival, stanza: Element) => Promise<Handled>
}): Held {
  let holding = false
  /** the order of the last one */
  let last = 0
  let size = 0
  /** keys of those that are being let in, in their order */
  let releasing: string[] | undefined
  /** stanza-ids of those that are held; few sessions hold any for long */
  let ids: Set<string> | undefined

  /** What one comes to; its characters. */
  async function letIn(key: string, all: Handled): Promise<number> {
    const held = session.state.get(heldMessages, key)
    if (!held) return 0
    const { xml, ...arrival } = held
    const complete = { ...{ stream: '', at: `@${key}`, time: clock.now() }, ...arrival }
    add(all, await handle(complete, reparse(xml)))
    // it leaves the list in the commit that stores what it did
    collect(all.change, remember({ state: [heldMessages.remove(key)] }))
    return xml.length
  }

  return {
    begin() {
      holding = true
      releasing = undefined
      // behind what an earlier catch-up left waiting
      const all = session.state.all(heldMessages)
      for (const key of all.keys()) last = Math.max(last, Number(key))
      size = [...all.values()].reduce((sum, value) => sum + sizeOf(value), 0)
    },

    isHolding: () => holding,

    add(arrival, stanza) {
      const value: HeldMessage = { ...arrival, xml: serialize(stanza) }
      const more = sizeOf(value)
      if (session.state.all(heldMessages).size >= HELD_MAX || size + more > HELD_SIZE) return undefined
      last += 1
      size += more
      const id = trustedStanzaId(stanza, session.record.jid)
      if (id !== undefined) ids = (ids ?? new Set()).add(id)
      return { change: remember({ state: [heldMessages.put(String(last).padStart(12, '0'), value)] }), after: [] }
    },

    has: (stanzaId) => ids?.has(stanzaId) === true,

    async release() {
      const all = nothing()
      releasing ??= [...session.state.all(heldMessages).keys()].sort()
      const keys = releasing
      let released = 0
      let characters = 0
      for (const key of keys) {
        if (released === (watch.isAlone() ? 1 : RELEASED) || characters > RELEASED_SIZE) break
        const wait = turn()
        if (wait) await wait
        released += 1
        characters += await letIn(key, all)
      }
      // messages are held anew meanwhile
      if (releasing !== keys) return all
      releasing = keys.slice(released)
      if (releasing.length > 0) return { ...all, more: true }
      releasing = undefined
      holding = false
      size = 0
      ids = undefined
      return all
    },
  }
}
