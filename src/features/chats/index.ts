import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { displayed, displayedCommand, displayedNews, isDisplayedNews, stanzaIds } from './displayed.ts'
import { chatOperations } from './operations.ts'

/** How far conversations were displayed (XEP-0333, XEP-0490). */
export const chats: Feature = {
  name: 'chats',
  operations: chatOperations,
  events: () => [
    {
      type: 'chat.displayed',
      description: 'A client of the account, this one or another, has displayed a chat up to a message. Only of sessions with `mds`.',
      schema: z.object({ chat: z.string(), stanzaId: z.string(), own: z.literal(true) }),
    },
  ],
  claims: isDisplayedNews,
  message: displayedNews,
  commands: [displayedCommand],
  keeps: [stanzaIds, displayed],
}
