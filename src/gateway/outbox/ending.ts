import type { OutboxEntry } from '../ports/message.ts'
import type { Queued } from './message-queue.ts'
import type { Progress } from './progress.ts'
import type { ReadAhead } from './read-ahead.ts'

/** messages that are failed in one write */
const FAILED_AT_ONCE = 256

/** Fails all that is left, here and in the store: the session ends. */
export async function failAll({
  unsettled,
  readAhead,
  progress,
}: {
  /** what is here */
  unsettled: () => Queued[]
  readAhead: Pick<ReadAhead, 'done' | 'rest'>
  progress: Pick<Progress, 'settle'>
}): Promise<void> {
  await readAhead.done()
  const error = { code: 'session-ended', detail: 'The session was ended before the server confirmed it.' }
  const left: OutboxEntry[] = unsettled().map(({ entry }) => entry)
  for await (const more of readAhead.rest()) {
    left.push(...more)
    if (left.length >= FAILED_AT_ONCE) void progress.settle(left.splice(0), 'failed', { error })
  }
  if (left.length > 0) void progress.settle(left, 'failed', { error })
}
