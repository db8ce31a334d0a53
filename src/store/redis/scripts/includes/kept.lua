-- KEPT, DUE. Entries that end.

local function drop(key)
  redis.call('HDEL', KEPT, key)
  redis.call('ZREM', DUE, key)
end
local kept = 0
local function keep(key, till, value)
  kept = kept + 1
  redis.call('HSET', KEPT, key, whole(till) .. ' ' .. value)
  redis.call('ZADD', DUE, whole(till), key)
end
local function find(key, now)
  local till, rest = string.match(redis.call('HGET', KEPT, key) or '', '^(%d+) (.*)$')
  if not till then return nil end
  return rest, tonumber(till) > now
end
