import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { AVATAR_METADATA, NICK } from '../../protocol/namespaces.ts'
import type { FindHome } from '../discovery.ts'
import { avatarOperations } from './avatar-operations.ts'
import { avatars, isNews, news, newsByPresence } from './incoming.ts'
import { createInTurn, profileCommands } from './live.ts'
import { profileOperations } from './operations.ts'
import { pictureCommands } from './picture.ts'

/** What people tell of themselves (XEP-0292, XEP-0054), and their avatars (XEP-0084, XEP-0153). */
export function profile({ findHome }: { findHome: FindHome }): Feature {
  const inTurn = createInTurn()
  return {
    name: 'profile',
    operations: () => [...profileOperations(), ...avatarOperations()],
    events: () => [
      {
        type: 'profile.avatar-changed',
        description: 'Somebody has another avatar, or, without `id`, none any more.',
        schema: z.object({
          jid: z.string(),
          id: z.string().optional().meta({ description: 'SHA-1 of the image: the ETag of `GET /profiles/{jid}/avatar`' }),
          mediaType: z.string().optional(),
        }),
      },
      {
        type: 'profile.nick-changed',
        description: 'Somebody calls themselves otherwise (XEP-0172), or, without `nick`, not any more.',
        schema: z.object({ jid: z.string(), nick: z.string().optional() }),
      },
    ],
    claims: isNews,
    message: news,
    presence: newsByPresence,
    commands: [...profileCommands({ findHome, inTurn }), ...pictureCommands({ findHome, inTurn })],
    keeps: [avatars],
    discovers: [`${AVATAR_METADATA}+notify`, `${NICK}+notify`],
  }
}
