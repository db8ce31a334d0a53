import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { profileSchema } from './card.ts'
import { readProfile, writeProfile } from './live.ts'

/** ms for all questions of one request */
export const WITHIN = 90_000

export const ofSomebody = z.object({
  jid: jidScalar.schema.meta({ description: 'A contact, anybody, or somebody in a room by `room/nick`' }),
})

const romeo = {
  displayName: 'Romeo Montague',
  nick: 'romeo',
  given: 'Romeo',
  family: 'Montague',
  ...{ emails: ['romeo@example.com'], phones: [], urls: ['https://example.com/romeo'] },
}

export function profileOperations(): Operation[] {
  const get = operation({
    id: 'profile.get',
    method: 'GET',
    path: '/profile',
    summary: 'Read what the account tells of itself',
    scope: 'profile:read',
    session: 'named',
    answers: { 200: { description: 'The profile', schema: profileSchema } },
    problems: ofIqs,
    examples: { 200: { romeo } },
    async run({ session, signal }) {
      return { status: 200, body: await session.perform(readProfile, {}, { timeout: WITHIN, signal, repeatable: true }) }
    },
  })

  const put = operation({
    id: 'profile.put',
    method: 'PUT',
    path: '/profile',
    summary: 'Change what the account tells of itself',
    description: 'What is left out is removed. What other clients wrote beside these members stays as it is.',
    scope: 'profile:write',
    session: 'named',
    body: profileSchema,
    answers: { 200: { description: 'The profile', schema: profileSchema } },
    problems: ofIqs,
    examples: { body: { romeo }, 200: { romeo } },
    async run({ session, body, signal }) {
      await session.perform(writeProfile, { profile: body }, { timeout: WITHIN, signal })
      return { status: 200, body: await session.perform(readProfile, {}, { timeout: WITHIN, signal, repeatable: true }) }
    },
  })

  const getOther = operation({
    id: 'profile.getOf',
    method: 'GET',
    path: '/profiles/{jid}',
    summary: 'Read what somebody tells of themselves',
    scope: 'profile:read',
    session: 'named',
    params: ofSomebody,
    answers: { 200: { description: 'The profile', schema: profileSchema } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { 200: { romeo } },
    async run({ session, params, signal }) {
      const args = { jid: jid(params.jid, 'params.jid') }
      return { status: 200, body: await session.perform(readProfile, args, { timeout: WITHIN, signal, repeatable: true }) }
    },
  })

  return [get, put, getOther]
}
