/** Making, changing and removing sessions; leases. */
import { FENCES_PER_MS } from '../../fence.ts'
import { ARGUMENTS } from './prelude.ts'

/**
 * Claims a resource of a JID in the tenant's index. KEYS[1]: the JID's hash. resource, session, ms that a claim lives, session known to be gone.
 * Answers claimed, taken and the session that has it, or pending.
 */
export const claim = `
${ARGUMENTS}
local resource, session, life, gone = take(), take(), number(), take()
local known = redis.call('HGET', base, resource)
if known then
  local id, till = string.match(known, '^(%S+) ?(%d*)$')
  if till ~= '' and tonumber(till) > redis_ms() and id ~= session then return { 'pending' } end
  if till == '' and id ~= gone then return { 'taken', id } end
end
redis.call('HSET', base, resource, session .. ' ' .. whole(redis_ms() + life))
return { 'claimed' }
`

/** KEYS: the JID's hash, the tenant's sessions. resource, session, createdAt. Answers 0 where the claim was lost meanwhile. */
export const confirm = `
${ARGUMENTS}
local resource, session, created = take(), take(), take()
local known = redis.call('HGET', base, resource)
if not known or string.match(known, '^%S+') ~= session then return 0 end
redis.call('HSET', base, resource, session)
redis.call('ZADD', KEYS[2], created, session)
return 1
`

/** Writes a new session, which ends by itself until it is confirmed. record, version, status, log name, ms. 0: it was there already. */
export const create = `
${ARGUMENTS}
if session_exists() then return 0 end
redis.call('DEL', base .. ':log', base .. ':log:durable', base .. ':log:volatile')
local record, version, status, log, life = take(), take(), take(), take(), take()
redis.call('HSET', base .. ':session', 'record', record, 'version', version, 'status', status)
redis.call('PEXPIRE', base .. ':session', life)
redis.call('HSET', base .. ':log', 'name', log, 'head', 0, 'floor', 0, 'aged', 0)
redis.call('PEXPIRE', base .. ':log', life)
return 1
`

export const persist = `
${ARGUMENTS}
redis.call('PERSIST', base .. ':session')
return redis.call('PERSIST', base .. ':log')
`

/** version expected, new version, record. */
export const update = `
${ARGUMENTS}
local expected, version, record = take(), take(), take()
if redis.call('HGET', base .. ':session', 'version') ~= expected then return 0 end
redis.call('HSET', base .. ':session', 'version', version, 'record', record)
return 1
`

/** Removes all but the log, which lives on for some ms. */
export const remove = (publish: 'PUBLISH' | 'SPUBLISH') => `
${ARGUMENTS}
local life = take()
for _, kind in ipairs(redis.call('SMEMBERS', base .. ':kinds')) do redis.call('UNLINK', base .. ':state:' .. kind) end
for _, noun in ipairs({ ':session', ':lease', ':tokens', ':outbox', ':kinds', ':streams' }) do redis.call('UNLINK', base .. noun) end
for _, noun in ipairs({ ':records', ':dedup', ':answers', ':iqs' }) do redis.call('UNLINK', base .. noun, base .. noun .. ':due') end
for _, noun in ipairs({ ':log', ':log:durable', ':log:volatile' }) do redis.call('PEXPIRE', base .. noun, life) end
redis.call('${publish}', base .. ':wake', '')
return 1
`

/** Takes it from the tenant's index. KEYS: the JID's hash, sessions, left. resource, session, createdAt, ms, most. */
export const leave = `
${ARGUMENTS}
local resource, session, created, life, most = take(), take(), take(), take(), number()
local known = redis.call('HGET', base, resource)
if known and string.match(known, '^%S+') == session then redis.call('HDEL', base, resource) end
if redis.call('ZREM', KEYS[2], session) == 0 then return 0 end
redis.call('ZADD', KEYS[3], created, session)
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -most - 1)
redis.call('PEXPIRE', KEYS[3], life)
return 1
`

/** Sessions of a tenant after one, which may have been removed. KEYS: sessions, left. after ('' from the oldest), limit. */
export const list = `
${ARGUMENTS}
local after, limit = take(), number()
if after == '' then return redis.call('ZRANGE', base, 0, limit - 1) end
local rank = redis.call('ZRANK', base, after)
if rank then return redis.call('ZRANGE', base, rank + 1, rank + limit) end
local created = redis.call('ZSCORE', KEYS[2], after)
if not created then return {} end
local later = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', base, created, created)) do
  if id > after and #later < limit then later[#later + 1] = id end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', base, '(' .. created, '+inf', 'LIMIT', 0, limit - #later)) do later[#later + 1] = id end
return later
`

/** hash. 0: there is no such session. */
export const addToken = `
${ARGUMENTS}
if not session_exists() then return 0 end
redis.call('SADD', base .. ':tokens', take())
return 1
`

/** owner, ms. The fence, or nil: held by somebody, or no such session. Time leads the fence, so that it grows even where Redis lost its data. */
export const acquire = `
${ARGUMENTS}
local owner, ttl = take(), take()
if not session_exists() or redis.call('EXISTS', base .. ':lease') == 1 then return nil end
local last = tonumber(redis.call('HGET', base .. ':session', 'fence') or 0)
local fence = whole(math.max(last + 1, redis_ms() * ${FENCES_PER_MS}))
redis.call('HSET', base .. ':session', 'fence', fence)
redis.call('SET', base .. ':lease', fence .. ' ' .. owner, 'PX', ttl)
return fence
`

/** lease as it was taken, ms. */
export const renew = `
${ARGUMENTS}
local lease, ttl = take(), take()
if redis.call('GET', base .. ':lease') ~= lease then return 0 end
return redis.call('PEXPIRE', base .. ':lease', ttl)
`

export const release = `
${ARGUMENTS}
if redis.call('GET', base .. ':lease') ~= take() then return 0 end
return redis.call('DEL', base .. ':lease')
`
