--[[
  Writes what became of deliveries.

  KEYS    webhooks, health, rows, dead, others, again
  ARGV    id, the last try, then of each row: id, 'd' where it is dead, its first try, its next one or '', the row
  Answer  1; 0: it is gone
]]
--- @include "arguments"

local id, last = take(), take()
if redis.call('HEXISTS', WEBHOOKS, id) == 0 then return 0 end
redis.call('HSET', HEALTH, 'last', last)
local function drop(order, rows)
  for _, row in ipairs(rows) do
    redis.call('HDEL', ROWS, row)
    redis.call('ZREM', AGAIN, row)
    redis.call('ZREM', order, row)
  end
end
while ARGV[taken + 1] do
  local row, dead, first, next_try, text = take(), take() == 'd', take(), take(), take()
  redis.call('HSET', ROWS, row, text)
  redis.call('ZREM', dead and OTHERS or DEAD, row)
  redis.call('ZADD', dead and DEAD or OTHERS, first, row)
  if next_try ~= '' then redis.call('ZADD', AGAIN, next_try, row) else redis.call('ZREM', AGAIN, row) end
end
local old = whole(redis_ms() - DELIVERIES_AGE)
for _, order in ipairs({ DEAD, OTHERS }) do
  drop(order, redis.call('ZRANGEBYSCORE', order, '-inf', old))
  local surplus = redis.call('ZCARD', order) - DELIVERIES_MAX
  if surplus > 0 then drop(order, redis.call('ZRANGE', order, 0, surplus - 1)) end
end
for _, key in ipairs({ ROWS, DEAD, OTHERS, AGAIN }) do redis.call('PEXPIRE', key, DELIVERIES_AGE) end
return 1
