import { z } from 'zod'
import type { Translator } from '../../codec/translate.ts'
import type { EventType } from '../../gateway/contract/operation.ts'

const types: Record<string, string> = {
  'presence.available': 'A resource is available, or shows something else.',
  'presence.unavailable': 'A resource is not available any more; `source: resync` where it was missing after a reconnect.',
  'presence.error':
    'A presence could not be delivered, for example because a domain cannot be reached; `source: gateway`: the own presence, over which the server ended one stream after the other. The last one that it took is shown again, or a plain one.',
  'subscription.requested': 'Somebody asks to see the presence of the account: answer with `subscribed` or `unsubscribed`.',
  'subscription.approved': 'A contact allows the account to see their presence.',
  'subscription.cancelled': 'Somebody does not want to see the presence of the account any more, or takes the request back.',
  'subscription.denied': 'A contact refuses, or takes back, that the account sees their presence.',
}

export function presenceEvents(vocabulary: Translator): EventType[] {
  const schema = vocabulary.schemas.presence.extend({ source: z.enum(['resync', 'gateway']).optional() }).meta({ id: 'PresenceEvent' })
  return Object.entries(types).map(([type, description]) => ({ type, description, schema }))
}
