/** What a session knows of its webhooks: where each is, what of it is tried again, and what was given up. All of it moves with the session. */
import { defineKind, type KnownState } from '../gateway/contract/state-kind.ts'

/** events of one session that are tried again beside those that go on, of one webhook and of all */
export const SIDE_MAX = 1_000
export const SIDES_MAX = 2_000
/** replays of one session that are under way */
export const REPLAYS_MAX = 20

/** Where a webhook is in the log of the session, or where a replay of it is. */
export interface WebhookPlace {
  /** all up to here is settled, or tried again beside; undefined: the oldest kept */
  after?: string
  /** beyond that, ids of those that are settled too */
  done?: string[]
  replay?: Replay
}

/** Events up to one, `of`: the delivery that they are, where it is one; or dead letters: that of one event, or all. */
export type Replay = { until: string; of?: string } | { dead: string | true }

/** by the webhook's id, of a replay with a slash and a number behind it */
export const webhookPlaces = defineKind<WebhookPlace>({
  name: 'webhook-places',
  bound: 'webhook-places',
  entries: 250,
  size: 1024 * 1024,
  firm: true,
})

/** An event that failed, and is tried again. */
export interface WebhookTry {
  type: string
  /** of the event, epoch ms */
  time?: number
  /** the cursor after which it is the next of the log */
  before: string
  firstTryAt: number
  /** how many failed */
  tries: number
  /** epoch ms */
  due: number
  /** of what is not in the log: the CloudEvent */
  text?: string
}

/** by the key of the place and the id of the event, with a space between */
export const webhookTries = defineKind<WebhookTry>({
  name: 'webhook-tries',
  bound: 'webhook-tries',
  entries: SIDES_MAX + 250,
  size: 4 * 1024 * 1024,
  firm: true,
})

/** CloudEvents that are tried again when the log has forgotten them, by the key of the try; the oldest go first. */
export const keptEvents = defineKind<string>({ name: 'webhook-events', bound: 'webhook-events', entries: 1_000, size: 2 * 1024 * 1024 })

/** An event that was given up: it is kept whole, since the log forgets it. */
export interface DeadLetter {
  type: string
  before: string
  /** the CloudEvent; absent: the log had forgotten it */
  text?: string
}

/** by the webhook's id and the id of the event, with a space between; the oldest go first */
export const deadLetters = defineKind<DeadLetter>({ name: 'dead-letters', bound: 'dead-letters', entries: 1_000, size: 2 * 1024 * 1024 })

/** The dead letters of a webhook that can be sent again, with their keys: all, or that of one event. */
export function lettersOf(state: KnownState, webhook: string, dead: string | true): (readonly [key: string, letter: DeadLetter])[] {
  const known = (key: string) => [key, state.get(deadLetters, key)] as const
  const keys = dead === true ? [...state.all(deadLetters).keys()].filter((key) => key.startsWith(`${webhook} `)) : [keyOfTry(webhook, dead)]
  return keys.map(known).filter((entry): entry is [string, DeadLetter] => entry[1]?.text !== undefined)
}

export const keyOfTry = (place: string, event: string) => `${place} ${event}`
