import type { Translator } from '../../codec/translate.ts'
import type { Effect, Feature, Incoming, IqAnswer } from '../contract/feature.ts'
import type { LiveSession } from '../contract/session.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Correlator } from '../session/iq-correlator.ts'
import type { RaisedIqs } from '../session/raised-iqs.ts'
import type { Reports } from '../session/reports.ts'
import type { Resync } from '../session/resync.ts'
import type { Wire } from '../session/wire.ts'
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
  outbox: Pick<Outbox, 'confirm'>
  wire: Pick<Wire, 'reply'>
  correlator: Pick<Correlator, 'answer'>
  raised: Pick<RaisedIqs, 'raise'>
  resync: Pick<Resync, 'seen'>
  reports: Pick<Reports, 'error' | 'forged' | 'rejected'>
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
export function combine({ remember, wire, outbox }: Receiving, connection: number, effects: readonly (Effect | undefined)[]): Handled {
  const all = nothing()
  for (const effect of effects) {
    if (!effect) continue
    const { replies = [], ...rest } = effect
    collect(all.change, remember(rest))
    // whoever tells something of it has got it
    for (const { id, stanzaId } of rest.records ?? []) outbox.confirm(id, stanzaId)
    for (const answer of replies) all.after.push(() => wire.reply(connection, answer))
  }
  return all
}
