/** What everybody saw, as it was seen: the only thing that the checker looks at. Times are monotonic ms. */

/** A numbered message of one direction between the session and one peer. */
export interface Numbered {
  /** `out juliet`: from the session to juliet; `in juliet`: from her to the session */
  conversation: string
  number: number
}

export interface Sighting extends Numbered {
  /** of the stanza */
  id: string
  at: number
}

export interface Arrival extends Sighting {
  /** at the peer's client, or in the archive of the account, read at the end */
  source: 'live' | 'archive'
}

/** An answer that no fault explains to the caller who posted a message. */
export interface Wrong extends Numbered {
  at: number
  what: string
}

export interface Told {
  cursor: string
  type: string
  /** of the message that it is about */
  id?: string
  /** code of the error, of a message that failed */
  why?: string
  /** of a message received */
  message?: Numbered
  at: number
}

/** What a consumer of a webhook took. */
export interface Hooked {
  /** `webhook-id`, and the id of the event that was in the request */
  id: string
  event: string
  at: number
}

export interface History {
  /** answers of the gateway: it will send these */
  accepted: Sighting[]
  wrong: Wrong[]
  /** what reached the peers */
  arrived: Arrival[]
  /** what the peers sent and their server had, and what the archive of the account holds of theirs */
  held: Sighting[]
  /** ids of messages of the session that the archive of its account holds: its server has them */
  kept: Set<string>
  /** events, in the order in which a consumer that comes back by its cursor got them */
  told: Told[]
  /** requests of a webhook that were answered well, in their order; absent: there is no webhook */
  hooked?: Hooked[]
  /** the log as it reads from the start at the end: cursors of all that is durable */
  log: string[]
}

export function emptyHistory(): History {
  return { accepted: [], wrong: [], arrived: [], held: [], kept: new Set(), told: [], log: [] }
}

/** events that a webhook is sent: one for each message that was taken over */
export const HOOKED: readonly string[] = ['message.accepted', 'message.received']

/** Cursors of what was told, and has to be sent to the webhook. */
export const dueToHook = ({ told, hooked }: Pick<History, 'told' | 'hooked'>) =>
  hooked ? told.filter(({ type }) => HOOKED.includes(type)).map(({ cursor }) => cursor) : []

export const bodyOf = ({ conversation, number }: Numbered) => `${conversation} ${number}`

/** What a body says that the message is; undefined for messages of others. */
export function numbered(body: string | undefined): Numbered | undefined {
  const [, conversation, number] = /^((?:in|out) \S+) (\d+)$/.exec(body ?? '') ?? []
  return conversation === undefined ? undefined : { conversation, number: Number(number) }
}

/** Presence and chat states are kept in a short lane of their own. */
export const isDurable = (type: string) => !/^(presence|chatstate)\./.test(type)

/** Is it the end of a message that did not get through? */
export const isFailure = (type: string) => /^message\.(failed|expired)$/.test(type)
