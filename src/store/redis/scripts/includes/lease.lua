-- SESSION. Fence and owner of the lease, and a new one: time leads the fence, so that it grows even where Redis lost its data.

local function lease()
  return string.match(redis.call('HGET', SESSION, 'lease') or '', '^(%d+) (.*)$')
end
local function grant(owner)
  local last = tonumber(redis.call('HGET', SESSION, 'fence') or 0)
  local fence = whole(math.max(last + 1, redis_ms() * FENCES_PER_MS))
  redis.call('HSET', SESSION, 'fence', fence, 'lease', fence .. ' ' .. owner)
  return fence
end
