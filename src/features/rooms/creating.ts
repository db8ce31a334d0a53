/** A room that was made by joining it is locked until its owner has said how it is to be (XEP-0045 section 10.1). */
import type { LiveSession } from '../../gateway/contract/session.ts'
import { DATA_FORM, MUC_OWNER } from '../../protocol/namespaces.ts'
import { element, elements } from '../../xml/element.ts'
import { type AskRoom, changeConfig } from '../room-form.ts'
import type { Wish } from '../room-state.ts'

/** ms for a request of the owner */
const WITHIN = { timeout: 20_000 }

/** Opens it as the service makes rooms, or as is wished. Rejects with the room's problem, and with invalid-request. */
export async function unlock(session: LiveSession, room: string, { create, values = {} }: Pick<Wish, 'create' | 'values'>): Promise<void> {
  if (create !== 'configure') return await submit(session, room, 'submit')
  const ask: AskRoom = async (request) => elements(await session.iq(request, WITHIN))[0]
  await changeConfig(ask, session.vocabulary, room, values)
}

async function submit(session: LiveSession, room: string, type: 'submit' | 'cancel'): Promise<void> {
  const payload = element('query', MUC_OWNER, {}, [element('x', DATA_FORM, { type })])
  await session.iq({ type: 'set', to: room, payload }, WITHIN)
}

/** No locked shell stays behind. */
export async function discard(session: LiveSession, room: string): Promise<void> {
  await submit(session, room, 'cancel').catch(() => {})
}
