--[[
  Writes what became of deliveries.

  KEYS    webhooks, health, rows, dead, others, again
  ARGV    id, the last try, how many of the rows are new and told once (they come first), then of each row: id, 'd' where it is dead,
          its first try, its next one or '', the row
  Answer  1; 0: it is gone
]]
--- @include "arguments"

-- rows that go with one write, at most: more than it adds
local DROPPED = 500

local id, last, fresh = take(), take(), number()
if redis.call('HEXISTS', WEBHOOKS, id) == 0 then return 0 end
redis.call('HSET', HEALTH, 'last', last)
local texts, order = {}, {}
while ARGV[taken + 1] do
  local row, dead, first, next_try, text = take(), take() == 'd', take(), take(), take()
  texts[#texts + 1] = row
  texts[#texts + 1] = text
  if fresh > 0 then
    order[#order + 1] = first
    order[#order + 1] = row
  else
    redis.call('ZREM', dead and OTHERS or DEAD, row)
    redis.call('ZADD', dead and DEAD or OTHERS, first, row)
    if next_try ~= '' then redis.call('ZADD', AGAIN, next_try, row) else redis.call('ZREM', AGAIN, row) end
  end
  fresh = fresh - 1
end
redis.call('HSET', ROWS, unpack(texts))
if #order > 0 then redis.call('ZADD', OTHERS, unpack(order)) end
local old = whole(redis_ms() - DELIVERIES_AGE)
for _, key in ipairs({ DEAD, OTHERS }) do
  local surplus = redis.call('ZCARD', key) - DELIVERIES_MAX
  local gone = surplus > 0 and redis.call('ZRANGE', key, 0, math.min(surplus, DROPPED) - 1)
    or redis.call('ZRANGEBYSCORE', key, '-inf', old, 'LIMIT', 0, DROPPED)
  if #gone > 0 then
    redis.call('HDEL', ROWS, unpack(gone))
    redis.call('ZREM', AGAIN, unpack(gone))
    redis.call('ZREM', key, unpack(gone))
  end
end
for _, key in ipairs({ ROWS, DEAD, OTHERS, AGAIN }) do redis.call('PEXPIRE', key, DELIVERIES_AGE) end
return 1
