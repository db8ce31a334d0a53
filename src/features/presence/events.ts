import { z } from 'zod'
import type { Translator } from '../../codec/translate.ts'
import type { EventType } from '../../gateway/contract/operation.ts'

const types: Record<string, string> = {
  'presence.available': 'A resource is available, or shows something else.',
  'presence.unavailable': 'A resource is not available any more; `source: resync` where it was no longer there after a reconnect.',
  'presence.error':
    'A presence could not be delivered, for example because a domain cannot be reached. With `source: gateway` it is the own presence, because of which the server ended one connection after another: the last one that it accepted is shown again, or a plain one.',
  'subscription.requested': 'Somebody asks to see the presence of the account: answer with `subscribed` or `unsubscribed`.',
  'subscription.approved': 'A contact allows the account to see their presence.',
  'subscription.cancelled': 'Somebody no longer wants to see the presence of the account, or withdraws the request.',
  'subscription.denied': 'A contact refuses to let the account see their presence, or no longer lets it.',
}

export function presenceEvents(vocabulary: Translator): EventType[] {
  const schema = vocabulary.schemas.presence.extend({ source: z.enum(['resync', 'gateway']).optional() }).meta({ id: 'PresenceEvent' })
  return Object.entries(types).map(([type, description]) => ({ type, description, schema }))
}
