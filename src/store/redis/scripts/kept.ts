/** Records, Idempotency-Keys and iqs, one at a time. */
import { ANSWERS, KEPT, records, type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

/** message id, now. */
export const getRecord = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['outbox', 'kept', 'due'],
    KEPT,
    records(options),
    `
local _, record = find_record(take(), number())
return record
`,
  )

/** key, fingerprint, now, instance that is dead, instance, ms that the mark lives, ms that it is kept at most. */
export const begin = sessionScript(
  ['session', 'kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key, fingerprint, now, dead, instance, life, age = take(), take(), number(), take(), take(), number(), number()
if redis.call('EXISTS', SESSION) == 0 then return { 'absent' } end
local known = look(key, fingerprint, now, dead)
if known then return known end
keep('a ' .. key, now + age, 'r ' .. fingerprint .. ' ' .. whole(redis_ms() + life) .. ' ' .. instance)
return { 'new' }
`,
)

/** key, fingerprint, answer, now, age. Whoever took the key over meanwhile has it now, and a first answer stays the answer. */
export const finish = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'outbox', 'kept', 'due'],
    KEPT,
    records(options),
    ANSWERS,
    `
local key, fingerprint, answer, now, age = take(), take(), take(), number(), number()
if redis.call('EXISTS', SESSION) == 0 then return 0 end
local state, known = find_key(key, now, '')
if state == 'a' or (state == 'r' and known ~= fingerprint) then return 0 end
keep_answer(key, fingerprint, answer, now + age)
drop_due(now)
return 1
`,
  )

/** key, fingerprint, answer, now. The answer of that very request is replaced, its time goes on. */
export const replaceAnswer = sessionScript(
  ['kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key, fingerprint, answer, now = take(), take(), take(), number()
local state, known = find_key(key, now, '')
if state ~= 'a' or known ~= fingerprint then return 0 end
local till = string.match(redis.call('HGET', KEPT, 'a ' .. key), '^%d+')
keep_answer(key, fingerprint, answer, tonumber(till))
return 1
`,
)

/** key, now. */
export const releaseKey = sessionScript(
  ['kept', 'due'],
  KEPT,
  ANSWERS,
  `
local key, now = take(), number()
if find_key(key, now, '') == 'r' then drop('a ' .. key) end
return 1
`,
)

/** id, iq, now, ms. 0: there is no such session. */
export const putIq = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'outbox', 'kept', 'due'],
    KEPT,
    records(options),
    `
local id, iq, now, life = take(), take(), number(), number()
if redis.call('EXISTS', SESSION) == 0 then return 0 end
keep('q ' .. id, now + life, iq)
drop_due(now)
return 1
`,
  )

/** id, now. */
export const getIq = sessionScript(
  ['kept', 'due'],
  KEPT,
  `
local iq, living = find('q ' .. take(), number())
if living then return iq end
return nil
`,
)
