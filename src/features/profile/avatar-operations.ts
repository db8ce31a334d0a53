import { ofIqs, ofOwner } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import { account, ownPresence } from '../../gateway/contract/account.ts'
import type { Answer, BytesBody, Operation, SessionCall } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { setPresence } from '../outgoing-presence.ts'
import { imageTypeOf, imageTypes } from './image.ts'
import { ofSomebody, WITHIN } from './operations.ts'
import { readPicture, writePicture } from './picture.ts'

/** bytes of an avatar */
const AVATAR_MAX = 64 * 1024
/** ms for the own presence to be stored */
const SHOW_WITHIN = 10_000

const picture = { description: 'The image', bytes: [...imageTypes, 'image/gif', 'application/octet-stream'] }

type Asking = Pick<SessionCall, 'session' | 'signal'>

async function answered({ session, signal }: Asking, args: { jid?: string }): Promise<Answer> {
  const { picture } = await session.perform(readPicture, args, { timeout: WITHIN, signal, repeatable: true })
  if (!picture) throw new Problem('avatar-not-found', 'There is no avatar.')
  const body = Buffer.from(picture.data, 'base64')
  return { status: 200, body, contentType: imageTypeOf(body) ?? 'application/octet-stream', headers: { etag: `"${picture.id}"` } }
}

async function write({ session, signal }: Asking, args: { data?: string; mediaType?: string }): Promise<string> {
  const { id, isToldByPresence } = await session.perform(writePicture, args, { timeout: WITHIN, signal })
  if (isToldByPresence) {
    const { wanted } = ownPresence.of(await session.state(account)) ?? { wanted: session.record.presence }
    if (wanted !== false) await session.perform(setPresence, { presence: wanted }, { timeout: SHOW_WITHIN, signal })
  }
  return id
}

/** Throws invalid-request for what is no image of these types. */
async function taken(body: BytesBody): Promise<{ data: string; mediaType: string }> {
  const { bytes, free } = await body.take(AVATAR_MAX)
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    const image = Buffer.concat(chunks)
    const mediaType = imageTypeOf(image)
    if (mediaType === undefined || mediaType === 'image/gif') throw invalidRequest('body', `is none of ${imageTypes.join(', ')}`)
    return { data: image.toString('base64'), mediaType }
  } finally {
    await free()
  }
}

export function avatarOperations(): Operation[] {
  const get = operation({
    id: 'profile.getAvatar',
    method: 'GET',
    path: '/profile/avatar',
    summary: "Read the account's avatar",
    scope: 'profile:read',
    session: 'named',
    answers: { 200: picture },
    problems: ['avatar-not-found', ...ofIqs],
    examples: {},
    run: (call) => answered(call, {}),
  })

  const put = operation({
    id: 'profile.putAvatar',
    method: 'PUT',
    path: '/profile/avatar',
    summary: "Change the account's avatar",
    description: 'The body is a PNG, JPEG or WebP image of at most 64 KiB. Contacts are told, whichever way their clients look for it.',
    scope: 'profile:write',
    session: 'named',
    bytesBody: { mediaTypes: imageTypes },
    answers: { 204: { description: 'Changed' } },
    problems: [...ofOwner, ...ofIqs],
    examples: {},
    async run(call) {
      return { status: 204, headers: { etag: `"${await write(call, await taken(call.body))}"` } }
    },
  })

  const remove = operation({
    id: 'profile.removeAvatar',
    method: 'DELETE',
    path: '/profile/avatar',
    summary: "Take the account's avatar away",
    scope: 'profile:write',
    session: 'named',
    answers: { 204: { description: 'There is none any more' } },
    problems: [...ofOwner, ...ofIqs],
    examples: {},
    async run(call) {
      await write(call, {})
      return { status: 204 }
    },
  })

  const getOther = operation({
    id: 'profile.avatarOf',
    method: 'GET',
    path: '/profiles/{jid}/avatar',
    summary: "Read somebody's avatar",
    scope: 'profile:read',
    session: 'named',
    params: ofSomebody,
    answers: { 200: picture },
    problems: ['avatar-not-found', 'jid-malformed', ...ofIqs],
    examples: {},
    run: (call) => answered(call, { jid: jid(call.params.jid, 'params.jid') }),
  })

  return [get, put, remove, getOther]
}
