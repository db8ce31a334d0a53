/** Who is what in a room (XEP-0045 section 5.2), as the room keeps it. */
import type { TypeOf } from '../codec/model.ts'
import type { Translator } from '../codec/translate.ts'
import type { SessionCall } from '../gateway/contract/operation.ts'
import { mucAdmin } from '../protocol/xep0045.ts'
import { ask } from './asking.ts'

type Asking = Pick<SessionCall, 'session' | 'signal'>
type Item = NonNullable<TypeOf<typeof mucAdmin>['items']>[number]

/** those that rooms keep lists of */
export const listed = ['owner', 'admin', 'member', 'outcast'] as const

export interface Affiliated {
  jid: string
  affiliation: (typeof listed)[number]
  nick?: string
  role?: string
  reason?: string
}

/** By JID, those of these lists. Rejects with the room's problem. */
export async function affiliationsOf(
  call: Asking,
  vocabulary: Translator,
  room: string,
  which: readonly (typeof listed)[number][] = listed,
): Promise<Map<string, Affiliated>> {
  const lists = await Promise.all(
    which.map(async (affiliation) => {
      const payload = vocabulary.writeAs(mucAdmin, { items: [{ affiliation }] })
      const answer = vocabulary.readAs(mucAdmin, await ask(call, { type: 'get', to: room, payload }))
      return (answer?.items ?? []).flatMap(({ jid, nick, role, reason }) =>
        jid === undefined ? [] : [{ jid, affiliation, ...(nick && { nick }), ...(role && { role }), ...(reason && { reason }) }],
      )
    }),
  )
  return new Map(lists.flat().map((one) => [one.jid, one]))
}

/** Rejects with the room's problem. */
export async function setAffiliation(call: Asking, vocabulary: Translator, room: string, item: Item): Promise<void> {
  await ask(call, { type: 'set', to: room, payload: vocabulary.writeAs(mucAdmin, { items: [item] }) })
}
