/** The webhooks of a tenant. Their keys are named above each script. */
import { DELIVERIES_AGE, DELIVERIES_MAX, WEBHOOKS_MAX } from '../../../gateway/ports/webhook.ts'
import { ARGUMENTS } from './prelude.ts'

/** KEYS: webhooks. id, record. Answers when it was created; nil: there are too many. */
export const createWebhook = `${ARGUMENTS}
if redis.call('HLEN', KEYS[1]) >= ${WEBHOOKS_MAX} then return nil end
local id, record, now = take(), take(), whole(redis_ms())
redis.call('HSET', KEYS[1], id, '1 ' .. now .. ' ' .. record)
return now
`

/** KEYS: webhooks. id, version expected, record. 0: it has another one, or is gone. */
export const updateWebhook = `${ARGUMENTS}
local id, expected, record = take(), take(), take()
local version, created = string.match(redis.call('HGET', KEYS[1], id) or '', '^(%d+) (%d+) ')
if version ~= expected then return 0 end
redis.call('HSET', KEYS[1], id, whole(tonumber(version) + 1) .. ' ' .. created .. ' ' .. record)
return 1
`

/** ms that a removed one is remembered, so that nobody writes it anew who has it in memory */
const REMOVED_AGE = 3_600_000

/** KEYS: webhooks, removed ones, then all of that webhook. id. 0: it was not there. */
export const removeWebhook = `${ARGUMENTS}
local id, now = take(), redis_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now - ${REMOVED_AGE}))
redis.call('ZADD', KEYS[2], whole(now), id)
redis.call('PEXPIRE', KEYS[2], ${REMOVED_AGE})
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
return redis.call('HDEL', KEYS[1], id)
`

/** KEYS: webhooks, health. id. Answers how many tries failed in a row; 0 where it is gone. */
export const failWebhook = `${ARGUMENTS}
if redis.call('HEXISTS', KEYS[1], take()) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[2], 'failures', 1)
`

/**
 * KEYS: webhooks, health, rows, order of those that are dead, of the others, those that are tried again.
 * id, the last try, then of each row: id, 'd' where it is dead, its first try, its next one or '', the row.
 */
export const tellWebhook = `${ARGUMENTS}
local id, last = take(), take()
if redis.call('HEXISTS', KEYS[1], id) == 0 then return 0 end
redis.call('HSET', KEYS[2], 'last', last)
local function drop(order, rows)
  for _, row in ipairs(rows) do
    redis.call('HDEL', KEYS[3], row)
    redis.call('ZREM', KEYS[6], row)
    redis.call('ZREM', order, row)
  end
end
while ARGV[taken + 1] do
  local row, dead, first, next_try, text = take(), take() == 'd', take(), take(), take()
  redis.call('HSET', KEYS[3], row, text)
  redis.call('ZREM', dead and KEYS[5] or KEYS[4], row)
  redis.call('ZADD', dead and KEYS[4] or KEYS[5], first, row)
  if next_try ~= '' then redis.call('ZADD', KEYS[6], next_try, row) else redis.call('ZREM', KEYS[6], row) end
end
local old = whole(redis_ms() - ${DELIVERIES_AGE})
for i = 4, 5 do
  drop(KEYS[i], redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', old))
  local surplus = redis.call('ZCARD', KEYS[i]) - ${DELIVERIES_MAX}
  if surplus > 0 then drop(KEYS[i], redis.call('ZRANGE', KEYS[i], 0, surplus - 1)) end
end
for i = 3, 6 do redis.call('PEXPIRE', KEYS[i], ${DELIVERIES_AGE}) end
return 1
`

/** KEYS: the lock. who. Gives it back where it is still theirs. */
export const probed = `${ARGUMENTS}
if redis.call('GET', KEYS[1]) == take() then redis.call('DEL', KEYS[1]) end
return 1
`
