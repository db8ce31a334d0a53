import type { Translator } from '../../codec/translate.ts'
import type { Element } from '../../xml/element.ts'
import type { Effect, Feature, Incoming, IqAnswer } from '../contract/feature.ts'
import type { LiveSession } from '../contract/session.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventDraft } from '../ports/event.ts'
import type { Archive } from './archive.ts'
import type { Watch } from './quarantine.ts'
import { collect, type Handled } from './queue.ts'

/** What the rooms answer by themselves, by type, name and namespace of the iq's payload. */
export type IqAnswers = ReadonlyMap<string, IqAnswer>

/** What handling the stanzas of one session takes. */
export interface Receiving {
  session: LiveSession
  /** to be waited for before each of many */
  turn: () => Promise<void> | undefined
  watch: Pick<Watch, 'isOn' | 'isAlone' | 'begin'>
  clock: Clock
  features: readonly Feature[]
  answers: IqAnswers
  vocabulary: Translator
  archive: Pick<Archive, 'take'>
  /** applies state and records of a change to memory; answers the change to write */
  remember: (change: Change) => Change
  /** a message of ours is in the archive: it arrived */
  confirm: (message: string, stanzaId: string) => void
  reply: (connection: number, stanza: Element) => void
  /** hands an iq of type result or error to whoever waits for it; false when nobody does */
  settle: (iq: Element) => boolean
  /** an iq of a namespace that the session's callers answer: its event, or undefined when too many wait already */
  raise: (connection: number, iq: Element) => EventDraft | undefined
  seenPresence: (stanza: Element) => void
  onForged: (kind: string) => void
  /** one is not told as what it is */
  onRejected: (reason: 'too-large' | 'quarantined') => void
  onError: (error: unknown, stanza: string) => void
}

export const nothing = (): Handled => ({ change: {}, after: [] })

/** Adds what one thing came to to what others did. */
export function add(to: Handled, { change, after }: Handled): void {
  collect(to.change, change)
  for (const step of after) to.after.push(step)
}

/** The rooms whose business a message or presence is: the first that claims it, or all. */
export function concerned({ features, session }: Receiving, incoming: Incoming): readonly Feature[] {
  for (const feature of features) if (feature.claims?.(incoming, session) === true) return [feature]
  return features
}

/** Effects as one change; state and records are applied to memory at once, so that the next stanza sees them. */
export function combine({ remember, reply }: Receiving, connection: number, effects: readonly (Effect | undefined)[]): Handled {
  const all = nothing()
  for (const effect of effects) {
    if (!effect) continue
    const { replies = [], ...rest } = effect
    collect(all.change, remember(rest))
    for (const answer of replies) all.after.push(() => reply(connection, answer))
  }
  return all
}
