import { z } from 'zod'
import { ofIqs, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import { progressSchema } from '../../gateway/contract/message-json.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { namedRoom } from '../named-room.ts'
import { sendMessage } from '../outgoing-message.ts'
import { passwordOf } from '../room-secrets.ts'
import { isWanted, wantedRooms } from '../room-state.ts'
import { invitations, kinds } from './known.ts'
import { makeMember } from './membership.ts'

/** characters of a reason */
const REASON_MAX = 1_000

const params = z.object({ room: jidScalar.schema })
const reason = z.string().max(REASON_MAX).optional()
const accepted = {
  accepted: {
    id: 'msg_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg',
    status: 'accepted',
    originId: 'msg_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg',
  },
}

export function invitationOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const invite = operation({
    id: 'rooms.invite',
    method: 'POST',
    path: '/rooms/{room}/invitations',
    summary: 'Invite somebody to a room',
    description:
      '`direct`: the account writes to them, with the password that it joined with. `mediated`: the room does for an account that is in it, and they can decline. ' +
      'Where members alone may come in, who is invited becomes one, if the account may do that.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    body: z
      .strictObject({ to: jidScalar.schema, reason, kind: z.enum(kinds).optional().meta({ description: 'Default direct' }) })
      .meta({ id: 'NewInvitation' }),
    answers: { 202: { description: 'A message, in the outbox', schema: progressSchema } },
    problems: ['room-not-joined', 'outbox-full', ...ofStanzas, ...ofIqs],
    examples: {
      body: { direct: { to: 'juliet@example.com', reason: 'Tonight' }, 'by the room': { to: 'juliet@example.com', kind: 'mediated' } },
      202: accepted,
    },
    async run(call) {
      const room = namedRoom(call.params.room)
      const { kind = 'direct' } = call.body
      const to = jid(call.body.to, 'body.to')
      const because = call.body.reason === undefined ? {} : { reason: call.body.reason }
      const known = (await call.session.state(wantedRooms, [room])).get(room)
      // what to wait for is not asked for: an invitation is answered by coming
      const sent = { ...call, prefer: {} }
      if (kind === 'mediated') {
        if (!isWanted(known)) throw new Problem('room-not-joined', `The session is not in ${room}, which invites for those who are.`)
        const muc = { type: 'info', invites: [{ to, ...because }] }
        return await sendMessage(sent, vocabulary.write('message', { to: room, muc }), { limit: limits.stanza })
      }
      await makeMember(call, vocabulary, room, to)
      const password = known && passwordOf(call.session, room, known)
      const invite = { jid: room, ...because, ...(password !== undefined && { password }) }
      const message = vocabulary.write('message', { to, invite })
      return await sendMessage(sent, message, { limit: limits.stanza })
    },
  })

  const decline = operation({
    id: 'rooms.decline',
    method: 'POST',
    path: '/rooms/{room}/decline',
    summary: 'Decline an invitation to a room',
    description: 'The room tells the one who invited.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    body: z
      .strictObject({ to: jidScalar.schema.optional().meta({ description: 'Who invited; default the last one who did' }), reason })
      .meta({ id: 'Declination' })
      .optional(),
    answers: { 202: { description: 'A message, in the outbox', schema: progressSchema } },
    problems: ['outbox-full', 'id-in-use', 'session-stopped', ...ofStanzas],
    examples: { body: { plainly: {}, 'with a reason': { reason: 'No time' } }, 202: accepted },
    async run(call) {
      const room = namedRoom(call.params.room)
      const { to, reason } = call.body ?? {}
      const inviter = to === undefined ? (await call.session.state(invitations, [room])).get(room)?.from : jid(to, 'body.to')
      if (inviter === undefined) throw invalidRequest('body.to', 'is required: no invitation to the room is known')
      const muc = { type: 'info', decline: { to: inviter, ...(reason !== undefined && { reason }) } }
      return await sendMessage({ ...call, prefer: {} }, vocabulary.write('message', { to: room, muc }), { limit: limits.stanza })
    },
  })

  return [invite, decline]
}
