/** Records, Idempotency-Keys and iqs, one at a time. Their time is that of Redis: no instance's clock says what is over. */
import { ANSWERS, KEPT, records, type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

/** message id. */
export const getRecord = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['outbox', 'kept', 'due'],
    KEPT,
    records(options),
    `
local _, record = find_record(take(), redis_ms())
return record
`,
  )

/** key, fingerprint, instance that is dead, instance, ms that the mark lives, ms that it is kept at most. */
export const begin = sessionScript(
  ['session', 'kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key, fingerprint, dead, instance, life, age = take(), take(), take(), take(), number(), number()
local now = redis_ms()
if redis.call('EXISTS', SESSION) == 0 then return { 'absent' } end
local known = look(key, fingerprint, now, dead)
if known then return known end
keep('a ' .. key, now + age, 'r ' .. fingerprint .. ' ' .. whole(now + life) .. ' ' .. instance)
return { 'new' }
`,
)

/** key, fingerprint, answer, age. Whoever took the key over meanwhile has it now, and a first answer stays the answer. */
export const finish = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'outbox', 'kept', 'due'],
    KEPT,
    records(options),
    ANSWERS,
    `
local key, fingerprint, answer, age = take(), take(), take(), number()
local now = redis_ms()
if redis.call('EXISTS', SESSION) == 0 then return 0 end
local state, known = find_key(key, now, '')
if state == 'a' or (state == 'r' and known ~= fingerprint) then return 0 end
keep_answer(key, fingerprint, answer, now + age)
drop_due(now)
return 1
`,
  )

/** key, fingerprint, answer. The answer of that very request is replaced, its time goes on. */
export const replaceAnswer = sessionScript(
  ['kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key, fingerprint, answer = take(), take(), take()
local state, known = find_key(key, redis_ms(), '')
if state ~= 'a' or known ~= fingerprint then return 0 end
local till = string.match(redis.call('HGET', KEPT, 'a ' .. key), '^%d+')
keep_answer(key, fingerprint, answer, tonumber(till))
return 1
`,
)

/** key. */
export const releaseKey = sessionScript(
  ['kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key = take()
if find_key(key, redis_ms(), '') == 'r' then drop('a ' .. key) end
return 1
`,
)

/** id. */
export const getIq = sessionScript(
  ['kept', 'due'],
  KEPT,
  `
local iq, living = find('q ' .. take(), redis_ms())
if living then return iq end
return nil
`,
)
