import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DELAY, OLD_DELAY, STANZA_ID } from '../../protocol/namespaces.ts'
import type { Element } from '../../xml/element.ts'
import { account } from '../contract/account.ts'
import { defineKind, type StateKinds } from '../contract/state-kind.ts'
import { createOneAtATime } from '../one-at-a-time.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import { fastTokens } from '../session/fast-tokens.ts'
import type { Mirror } from '../session/mirror.ts'
import { suspects } from '../session/repeated.ts'
import { archiveMarks } from './archive-marks.ts'
import { plainly } from './copies.ts'
import { gapEvent } from './gap.ts'
import { unwrap } from './provenance.ts'

/**
 * An owner that went without letting go of its session may have gone over something of that session: a stanza that it could not bear,
 * or what it knew. Others would go over it in turn, with all that they have. So owners that went one after the other are counted. After
 * two, what is handled is noted in the store before it is begun, one thing at a time in a process; what was in hand at two ends is
 * left out, and told as a gap.
 */

/** Keys: DEATHS, HAND, and `over <print>`: at how many ends that was in hand. */
export const quarantine = defineKind<string | number>({
  name: 'quarantine',
  bound: 'quarantined',
  entries: 64,
  size: 64 * 1024,
  firm: true,
})
/** owners that went one after the other */
const DEATHS = 'deaths'
/** the print of what is being handled */
const HAND = 'hand'
const over = (print: string) => `over ${print}`
/** the print of reading what the session knows */
const STATE = 'state'

/** ends from which on it is noted what is in hand, and ends with the same in hand after which that is left out */
const SUSPECTED = 2
const STRIKES = 2
/** times in a row that a session was found online with nothing to be restored, ms apart, until the owners that went are forgotten */
const QUIET = 10
const LOOK = 1_000

/** of a stanza that comes again by another way these differ */
const ADDED = new Set([DELAY, OLD_DELAY, STANZA_ID])

/** What of the core's own state a session keeps where the rest is left out: none of it came from others. */
const KEPT = new Set([quarantine, account, archiveMarks, suspects, fastTokens].map(({ name }) => name))

export interface Quarantine {
  /**
   * Before a session is taken up: notes that its owner went, where it did, and leaves out what it knew where that cost two of them.
   * What it answers is to be called when the session is up: then the next one is, of those whose owners went twice.
   */
  takeUp(record: SessionRecord, options: { fence: string; died: boolean }): Promise<() => void>
  watch(session: Watched): Watch
}

interface Watched {
  state: Mirror
  jid: () => string
  commit: (change: Change) => Promise<unknown>
  /** online, and nothing is to be restored */
  isQuiet: () => boolean
  onError: (error: unknown) => void
}

/** Over what one session handles. */
export interface Watch {
  /** stanzas are looked at */
  isOn(): boolean
  /** one thing goes into each commit */
  isAlone(): boolean
  /** Before a stanza is handled: the print of one that is left out. Others wait until `done`, where it has to be alone. */
  begin(stanza: Element): Promise<string | undefined>
  /** it is handled, and what it came to is stored */
  done(): Promise<void>
  stop(): void
}

export function createQuarantine({ store, clock, kinds }: { store: Store; clock: Clock; kinds: StateKinds }): Quarantine {
  /** of all sessions of this process, to have something in hand */
  const turn = createOneAtATime()

  return {
    async takeUp({ id, connections }, { fence, died }) {
      if (!died) return () => {}
      const kept = await store.state.read(id, quarantine.name)
      const { deaths, struck } = afterDeath(kept)
      const release = deaths >= SUSPECTED ? await turn() : () => {}
      try {
        const isLeftOut = Number(kept.get(over(STATE)) ?? 0) + Number(struck === STATE) >= STRIKES
        await store.commit(id, fence, {
          ...(isLeftOut && without(kinds, connections)),
          ...(isLeftOut && { events: [gapEvent(clock, 'quarantined', { what: 'state' })] }),
          state: [
            quarantine.put(DEATHS, deaths),
            deaths >= SUSPECTED ? quarantine.put(HAND, STATE) : quarantine.remove(HAND),
            ...(struck === undefined
              ? []
              : [isLeftOut ? quarantine.remove(over(struck)) : quarantine.put(over(struck), Number(kept.get(over(struck)) ?? 0) + 1)]),
          ],
        })
      } catch (error) {
        release()
        throw error
      }
      return release
    },
    watch: (session) => new WatchOfSession({ ...session, turn }),
  }
}

interface WatchContext extends Watched {
  turn: () => Promise<() => void>
}

/** A class because each session has one, and there are thousands of sessions. */
class WatchOfSession implements Watch {
  readonly #context: WatchContext
  #deaths: number
  #release: (() => void) | undefined
  #quiet = 0
  readonly #timer: NodeJS.Timeout | undefined

  constructor(context: WatchContext) {
    const { state, onError } = context
    this.#context = context
    this.#deaths = Number(state.get(quarantine, DEATHS) ?? 0)
    this.#timer = this.#deaths > 0 ? setInterval(() => this.#look(), LOOK).unref() : undefined
    if (state.get(quarantine, HAND) !== undefined) this.#drop().catch(onError)
  }

  isOn(): boolean {
    return this.#deaths >= SUSPECTED || this.#context.state.all(quarantine).size > 0
  }

  isAlone(): boolean {
    return this.#deaths >= SUSPECTED
  }

  async begin(stanza: Element): Promise<string | undefined> {
    const { jid, turn, commit } = this.#context
    const print = printOf(stanza, jid())
    if (this.#isLeftOut(print)) return print
    if (this.#deaths < SUSPECTED || this.#release) return undefined
    this.#release = await turn()
    try {
      await commit({ state: [quarantine.put(HAND, print)] })
    } catch (error) {
      // the session went elsewhere meanwhile, and no longer says when it is done
      this.#letGo()
      throw error
    }
    return undefined
  }

  async done(): Promise<void> {
    if (!this.#release) return
    try {
      await this.#drop()
    } finally {
      this.#letGo()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#letGo()
  }

  #isLeftOut(print: string): boolean {
    return Number(this.#context.state.get(quarantine, over(print)) ?? 0) >= STRIKES
  }

  /** Once it goes well only what is left out stays. */
  #look(): void {
    const { state, isQuiet, commit, onError } = this.#context
    this.#quiet = isQuiet() && this.#release === undefined ? this.#quiet + 1 : 0
    if (this.#quiet < QUIET) return
    clearInterval(this.#timer)
    this.#deaths = 0
    const stays = (key: string) => key.startsWith(over('')) && this.#isLeftOut(key.slice(over('').length))
    const gone = [...state.all(quarantine).keys()].filter((key) => !stays(key))
    commit({ state: gone.map(quarantine.remove) }).catch(onError)
  }

  async #drop(): Promise<void> {
    // what waited for it goes on in turns of its own
    await nextTurn()
    await this.#context.commit({ state: [quarantine.remove(HAND)] })
  }

  #letGo(): void {
    this.#release?.()
    this.#release = undefined
  }
}

function afterDeath(kept: ReadonlyMap<string, unknown>): { deaths: number; struck: string | undefined } {
  const hand = kept.get(HAND)
  return { deaths: Number(kept.get(DEATHS) ?? 0) + 1, struck: typeof hand === 'string' ? hand : undefined }
}

/** All that a session knows from others; a new stream brings it again. */
function without(kinds: StateKinds, connections: number): Pick<Change, 'clear' | 'streams'> {
  const streams = Object.fromEntries(Array.from({ length: connections }, (_, index) => [index, null]))
  return { clear: [...kinds.keys()].filter((kind) => !KEPT.has(kind)), streams }
}

/** The same of a stanza that comes again, live, as a carbon or from the archive; an iq has another id each time. */
function printOf(stanza: Element, own: string): string {
  const unwrapped = stanza.name === 'message' ? unwrap(stanza, own) : undefined
  const inner = unwrapped?.kind === 'own' ? unwrapped.stanza : stanza
  const { to: _, id, ...others } = inner.attributes
  const attributes = inner.name === 'iq' || id === undefined ? others : { ...others, id }
  const children = inner.children.filter((child) => typeof child === 'string' || !ADDED.has(child.xmlns))
  return createHash('sha256')
    .update(JSON.stringify(plainly({ ...inner, attributes, children })))
    .digest('base64url')
    .slice(0, 22)
}
