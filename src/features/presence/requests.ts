import { defineMember } from '../../gateway/contract/account.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'

/** A request for a subscription that was not answered, as it is kept. */
export interface KeptRequest {
  id?: string
  /** hash of its words */
  said?: string
  /** when the own presence was sent last before the server repeated it */
  repeated?: number
}

/** By bare JID; builds before kept no more than `true`. One that is forgotten is told once more at the next log-in. */
export const requests = defineKind<KeptRequest | true>({
  name: 'requests',
  bound: 'subscription-requests',
  entries: 1_000,
  size: 512 * 1024,
})

/** When the own presence was sent last, epoch ms: requests that come after are known for repetitions. */
export const lastAppeared = defineMember<number>('appeared')
