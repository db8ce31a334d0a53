/** consumers of one session */
export const CONSUMERS_MAX = 100

/** A named reader of a session's log, which may come from anywhere and goes on where it was. */
export interface Consumer {
  name: string
  /** what it acked last, or where it began */
  cursor: string
  /** epoch ms */
  usedAt: number
  /** how many events came after that place, those that are no longer kept among them */
  behind: number
}

/** The consumers of sessions. Each is kept as long as events are (`eventLogAge`), from when it was last used. */
export interface ConsumerStore {
  /**
   * It is used now. Answers its place; one that is not there begins at `from`, or where that is undefined at the oldest event kept.
   * undefined: the session has CONSUMERS_MAX others. Throws the problem cursor-invalid.
   */
  use(session: string, name: string, from: string | undefined): Promise<string | undefined>
  /** Moves its place forward, never back, nor past the end of the log; otherwise as `use`. */
  ack(session: string, name: string, cursor: string): Promise<string | undefined>
  /** by name */
  list(session: string): Promise<Consumer[]>
  /** The further of two places of one log, the first where they are of different lives of it. Asks nobody. Throws the problem cursor-invalid. */
  further(session: string, cursor: string, other: string | undefined): string
}
