import { z } from 'zod'
import { ofIqs, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { Problem } from '../../errors/problem.ts'
import type { FeatureContext } from '../../gateway/contract/feature.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { ID_MAX } from '../../gateway/ids.ts'
import { bare, jid } from '../../jid.ts'
import { sendMessage } from '../outgoing-message.ts'
import { kindOf, marked } from '../to-rooms.ts'
import { keyOf, publishDisplayed, stanzaIds } from './displayed.ts'

/** ms for the own server to keep it */
const WITHIN = 60_000

export function chatOperations({ vocabulary, limits }: Pick<FeatureContext, 'vocabulary' | 'limits'>): Operation[] {
  const put = operation({
    id: 'chats.displayed',
    method: 'PUT',
    path: '/chats/{jid}/displayed',
    summary: 'Say how far a chat was displayed',
    description:
      'The other side is sent a marker (XEP-0333). With `mds` of the session the other clients of the account hear of it too (XEP-0490): what they have displayed comes as `chat.displayed`.',
    scope: 'messages:write',
    session: 'named',
    params: z.object({ jid: jidScalar.schema.meta({ description: 'The contact, the room, or `room/nick` of a private chat' }) }),
    body: z
      .strictObject({
        id: z.string().min(1).max(ID_MAX).meta({ description: 'Of the last message that was displayed; in a room its stanza-id' }),
        stanzaId: z.string().min(1).max(1023).optional().meta({ description: 'That the own server gave it; by default it is looked up' }),
      })
      .meta({ id: 'ChatDisplayed' }),
    answers: { 204: { description: 'Said' } },
    problems: ['message-not-found', 'room-not-joined', 'outbox-full', ...ofStanzas, ...ofIqs],
    examples: { body: { 'a message': { id: 'b4c1' }, 'with its stanza-id': { id: 'b4c1', stanzaId: '1743501600118-1' } } },
    async run(call) {
      const { session, body, signal } = call
      const address = jid(call.params.jid, 'params.jid')
      const kind = await kindOf({ to: address }, session)
      const { type, isPrivate } = kind
      // of somebody in a room the nick is a part of who it is
      const chat = isPrivate ? address : bare(address)
      const isRoom = type === 'groupchat'
      const { mds } = session.record
      const stanzaId = body.stanzaId ?? (isRoom ? body.id : mds ? await lookUp(bare(address)) : undefined)
      if (mds && stanzaId === undefined)
        throw new Problem('message-not-found', 'The id that the server gave this message is not known: say it as stanzaId.')
      const marker = { type: 'displayed', id: body.id }
      const message = marked(vocabulary.write('message', { to: chat, type, marker, hints: ['store'] }), kind)
      await sendMessage({ ...call, prefer: {} }, message, { limit: limits.stanza })
      if (mds && stanzaId !== undefined) {
        const by = isRoom ? chat : session.record.jid
        await session.perform(publishDisplayed, { chat, stanzaId, by }, { timeout: WITHIN, signal, repeatable: true })
      }
      return { status: 204 }

      async function lookUp(from: string): Promise<string | undefined> {
        const key = keyOf(from, body.id)
        return (await session.state(stanzaIds, [key])).get(key)
      }
    },
  })

  return [put]
}
