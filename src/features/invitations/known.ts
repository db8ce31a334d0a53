import { defineKind } from '../../gateway/contract/state-kind.ts'
import { isBare } from '../../jid.ts'

export const kinds = ['direct', 'mediated'] as const

export interface Invited {
  kind: (typeof kinds)[number]
  /** who invites, as it is told */
  from?: string
  /** epoch ms */
  at: number
}

/** The last invitation to each room, by its address: whom to decline. Anybody can send any number, so the oldest are forgotten. */
export const invitations = defineKind<Invited>({ name: 'invitations', bound: 'invitations', entries: 200, size: 64 * 1024 })

/** ms within which an invitation in the other form is the same one */
const SAME_WITHIN = 60_000

/** Many clients invite in both forms. A room that hides addresses names the inviter by the nick. */
export function isSame(room: string, before: Invited | undefined, now: Invited, accountOf: (jid: string) => string): boolean {
  if (before?.from === undefined || now.from === undefined) return false
  if (before.kind === now.kind || now.at - before.at > SAME_WITHIN) return false
  const [one, other] = [accountOf(before.from), accountOf(now.from)]
  return one === other || (one === room && !isBare(before.from)) || (other === room && !isBare(now.from))
}
