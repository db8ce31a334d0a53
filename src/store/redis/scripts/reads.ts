/** What is read in one step, and the small writes beside it. */
import type { StoreLimits } from '../../../gateway/ports.ts'
import { AGING, ANSWERS, ARGUMENTS, log, records } from './prelude.ts'

/**
 * log name and sequence to read after (name '': from the oldest), how many, now.
 * Answers name, head, floor, then the durable and the volatile entries; from the oldest where the place is not in the log. Nil: no log.
 */
export const readLog = (limits: StoreLimits, publish: 'PUBLISH' | 'SPUBLISH') => `
${ARGUMENTS}${AGING}${log(limits, publish)}
local name, after, limit, now = take(), number(), take(), number()
local f = redis.call('HMGET', base .. ':log', 'name', 'head', 'floor', 'aged')
if not f[1] then return nil end
local log = { head = tonumber(f[2]), floor = tonumber(f[3]), aged = tonumber(f[4]) }
if now >= log.aged and log.head > log.floor then
  trim_age(log, now)
  redis.call('HSET', base .. ':log', 'floor', whole(log.floor), 'aged', whole(log.aged))
end
if name ~= f[1] or after < log.floor or after > log.head then after = log.floor end
if after == log.head then return { f[1], log.head, log.floor, {}, {} } end
local from = '(' .. whole(after) .. '-0'
if after == 0 then from = '-' end
return {
  f[1], log.head, log.floor,
  redis.call('XRANGE', lanes.d, from, '+', 'COUNT', limit),
  redis.call('XRANGE', lanes.v, from, '+', 'COUNT', limit),
}
`

/** message id, now. */
export const getRecord = (limits: StoreLimits) => `
${ARGUMENTS}${records(limits)}
local _, record = find_record(take(), number())
return record
`

/** All kinds: kind, then its keys and values in turn. */
export const allState = `
${ARGUMENTS}
local all = {}
for _, kind in ipairs(redis.call('SMEMBERS', base .. ':kinds')) do
  all[#all + 1] = kind
  all[#all + 1] = redis.call('HGETALL', base .. ':state:' .. kind)
end
return all
`

/** key, fingerprint, now, instance that is dead, instance, ms that the mark lives, ms that it is kept at most. */
export const begin = `
${ARGUMENTS}${AGING}${ANSWERS}
local key, fingerprint, now, dead, instance, life, age = take(), take(), number(), take(), take(), number(), number()
if not session_exists() then return { 'absent' } end
local known = look(key, fingerprint, now, dead)
if known then return known end
drop(':answers', due(':answers', now, 1))
keep(':answers', key, whole(now + age), 'r ' .. whole(redis_ms() + life) .. ' ' .. fingerprint .. ' ' .. instance)
return { 'new' }
`

/** key, fingerprint, answer, now, age. Whoever took the key over meanwhile has it now, and a first answer stays the answer. */
export const finish = `
${ARGUMENTS}${AGING}${ANSWERS}
local key, fingerprint, answer, now, age = take(), take(), take(), number(), number()
if not session_exists() then return 0 end
local state, known = find_key(key, now, '')
if state == 'a' or (state == 'r' and known ~= fingerprint) then return 0 end
keep_answer(key, fingerprint, answer, now, age)
return 1
`

/** key, fingerprint, answer, now. The answer of that very request is replaced, its time goes on. */
export const replaceAnswer = `
${ARGUMENTS}${AGING}${ANSWERS}
local key, fingerprint, answer, now = take(), take(), take(), number()
local state, known = find_key(key, now, '')
if state ~= 'a' or known ~= fingerprint then return 0 end
local till = string.match(redis.call('HGET', base .. ':answers', key), '^a (%d+)')
redis.call('HSET', base .. ':answers', key, 'a ' .. till .. ' ' .. fingerprint .. ' ' .. answer)
return 1
`

/** key, now. */
export const releaseKey = `
${ARGUMENTS}${AGING}${ANSWERS}
local key, now = take(), number()
if find_key(key, now, '') == 'r' then drop(':answers', { key }) end
return 1
`

/** id, iq, now, ms. 0: there is no such session. */
export const putIq = `
${ARGUMENTS}${AGING}
local id, iq, now, life = take(), take(), number(), number()
if not session_exists() then return 0 end
drop(':iqs', due(':iqs', now, 1))
local till = whole(now + life)
keep(':iqs', id, till, till .. ' ' .. iq)
local left = math.max(redis.call('PTTL', base .. ':iqs'), life)
redis.call('PEXPIRE', base .. ':iqs', left)
redis.call('PEXPIRE', base .. ':iqs:due', left)
return 1
`
