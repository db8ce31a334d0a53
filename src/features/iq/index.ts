import type { Feature } from '../../gateway/contract/feature.ts'
import { keptSchema } from '../kept-iq.ts'
import { iqCommands, pendingIqs, takeUp } from '../outgoing-iq.ts'
import { iqOperations } from './operations.ts'

/** Requests to others and from others (RFC 6120 section 8.2.3). */
export const iq: Feature = {
  name: 'iq',
  operations: iqOperations,
  events: (vocabulary) => [
    {
      type: 'iq.requested',
      description:
        'Somebody asks the account, in a namespace that the session `handles`: answer by `POST /iq/{subject}/reply` within 20 s.',
      schema: vocabulary.schemas.iq,
    },
    { type: 'iq.completed', description: 'The answer to an iq came, or its time is over.', schema: keptSchema },
  ],
  commands: iqCommands,
  keeps: [pendingIqs],
  taken: takeUp,
}
