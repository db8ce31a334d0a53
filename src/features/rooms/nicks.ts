import type { WantedRoom } from '../room-state.ts'

/** nicks that are tried with `nickConflict: suffix` */
const NICKS = 5

/** The room takes the account by the nick that is reserved for it alone. */
export const lockedDown: ReadonlySet<string> = new Set(['xmpp-not-acceptable', 'xmpp-jid-malformed'])

/** Under which nicks a room is joined, one after the other. */
export const nicksOf = ({ nick, nickConflict }: Pick<WantedRoom, 'nick' | 'nickConflict'>): string[] =>
  nickConflict === 'suffix' ? [nick, ...Array.from({ length: NICKS - 1 }, (_, n) => `${nick}_${n + 2}`)] : [nick]
