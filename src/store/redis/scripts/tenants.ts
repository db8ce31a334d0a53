/** The index of a tenant's sessions. Its keys are named above each script. */
import { ARGUMENTS } from './prelude.ts'

/**
 * Claims a resource of a JID. KEYS: the JID's hash. resource, session, ms that a claim lives, session known to be gone.
 * Answers claimed, taken and the session that has it, or pending.
 */
export const claim = `${ARGUMENTS}
local resource, session, life, gone = take(), take(), number(), take()
local id, till = string.match(redis.call('HGET', KEYS[1], resource) or '', '^(%S+) ?(%d*)$')
if id then
  if till ~= '' and tonumber(till) > redis_ms() and id ~= session then return { 'pending' } end
  if till == '' and id ~= gone then return { 'taken', id } end
end
redis.call('HSET', KEYS[1], resource, session .. ' ' .. whole(redis_ms() + life))
return { 'claimed' }
`

/** KEYS: the JID's hash, the tenant's sessions. resource, session, createdAt. 0: the claim was lost meanwhile. */
export const confirm = `${ARGUMENTS}
local resource, session, created = take(), take(), take()
local known = redis.call('HGET', KEYS[1], resource)
if not known or string.match(known, '^%S+') ~= session then return 0 end
redis.call('HSET', KEYS[1], resource, session)
redis.call('ZADD', KEYS[2], created, session)
return 1
`

/**
 * Says that a session is being removed: it is in the list still, until it is gone. KEYS: the JID's hash, sessions, left.
 * resource, session, createdAt, ms and number of those that are remembered.
 */
export const leave = `${ARGUMENTS}
local resource, session, created, life, most = take(), take(), take(), take(), number()
if redis.call('ZSCORE', KEYS[2], session) then
  redis.call('ZADD', KEYS[3], created, session)
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -most - 1)
  redis.call('PEXPIRE', KEYS[3], life)
end
local known = redis.call('HGET', KEYS[1], resource)
if known and string.match(known, '^%S+') == session then redis.call('HDEL', KEYS[1], resource) end
return 1
`

/** Notes which session has something of ids that callers chose. KEYS: one for each. session, how many are known of each, ms that they are. */
export const choose = `${ARGUMENTS}
local session, most, age = take(), number(), take()
for _, key in ipairs(KEYS) do
  redis.call('LREM', key, 0, session)
  redis.call('LPUSH', key, session)
  redis.call('LTRIM', key, 0, most - 1)
  redis.call('PEXPIRE', key, age)
end
return #KEYS
`

/** Sessions after one, which may have been removed. KEYS: sessions, left. after ('' from the oldest), limit. */
export const list = `${ARGUMENTS}
local after, limit = take(), number()
if after == '' then return redis.call('ZRANGE', KEYS[1], 0, limit - 1) end
local rank = redis.call('ZRANK', KEYS[1], after)
if rank then return redis.call('ZRANGE', KEYS[1], rank + 1, rank + limit) end
local created = redis.call('ZSCORE', KEYS[2], after)
if not created then return {} end
local later = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], created, created)) do
  if id > after and #later < limit then later[#later + 1] = id end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. created, '+inf', 'LIMIT', 0, limit - #later)) do later[#later + 1] = id end
return later
`
