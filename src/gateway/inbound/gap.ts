import { timestamp } from '../outbox/message-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventDraft } from '../ports/event.ts'

/** Why something is not in the log that came, or should have come. */
export type GapReason = 'archive-unavailable' | 'too-many' | 'stanza-too-large' | 'stanza-not-stored' | 'quarantined' | 'unread'

/** Tells what is missing where it would be: `since` is when the gap begins (epoch ms), now for a single stanza. */
export function gapEvent(
  clock: Pick<Clock, 'now'>,
  reason: GapReason,
  { since, ...more }: { since?: number; stanza?: object; what?: string; room?: string } = {},
): EventDraft {
  const now = clock.now()
  return { type: 'events.gap', data: { from: timestamp(since ?? now), to: timestamp(now), reason, ...more } }
}
