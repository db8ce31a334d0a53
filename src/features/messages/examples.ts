import type { MessageProgress, RecordJson } from '../../gateway/contract/message-json.ts'

const id = 'msg_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg'

/** A message as it is accepted. */
export const accepted = { id, status: 'accepted', originId: id } satisfies MessageProgress

/** The same once the recipient's client has said that it came. */
export const delivered = {
  ...accepted,
  status: 'delivered',
  to: 'juliet@example.com',
  acceptedAt: '2026-05-01T10:00:00.118Z',
  history: [
    { status: 'accepted', at: '2026-05-01T10:00:00.118Z' },
    { status: 'sent', at: '2026-05-01T10:00:00.120Z' },
    { status: 'acked', at: '2026-05-01T10:00:00.164Z' },
    { status: 'delivered', at: '2026-05-01T10:00:00.410Z' },
  ],
} satisfies RecordJson
