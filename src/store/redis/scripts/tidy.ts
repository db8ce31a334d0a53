/** What has become too old of a session to which nothing is written that would drop it. */
import { trimming } from './log.ts'
import { KEPT, records, type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

/** kept entries dropped at one time */
export const TIDIED = 500

/** Answers how many kept entries were due: where they are TIDIED there may be more. */
export const tidy = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['log', 'durable', 'volatile', 'outbox', 'kept', 'due'],
    KEPT,
    records(options),
    trimming(options),
    `
local now = redis_ms()
local log = trimmed_log(now)
if log and log.counting then
  count_some(durable, log)
  count_some(volatile, log)
  put_log(log)
end
return drop_some(now, ${TIDIED})
`,
  )
