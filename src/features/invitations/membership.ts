/** Where members alone may come in, an invitation is of use to members alone. */
import type { Translator } from '../../codec/translate.ts'
import type { SessionCall } from '../../gateway/contract/operation.ts'
import { isRefusal } from '../../gateway/session/iq-correlator.ts'
import { accountOf } from '../../jid.ts'
import { discoInfo } from '../../protocol/xep0030.ts'
import { ask } from '../asking.ts'
import { affiliationsOf, setAffiliation } from '../room-affiliations.ts'

/** Makes somebody a member who is nothing there, where that is needed and the room lets the account do it. */
export async function makeMember(
  call: Pick<SessionCall, 'session' | 'signal'>,
  vocabulary: Translator,
  room: string,
  invited: string,
): Promise<void> {
  try {
    const payload = vocabulary.writeAs(discoInfo, {})
    const info = vocabulary.readAs(discoInfo, await ask(call, { type: 'get', to: room, payload }))
    if (!info?.features?.includes('muc_membersonly')) return
    const jid = accountOf(invited)
    const known = await affiliationsOf(call, vocabulary, room)
    if (![...known.keys()].some((one) => accountOf(one) === jid))
      await setAffiliation(call, vocabulary, room, { jid, affiliation: 'member' })
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}
