--[[
  Removes a webhook.

  KEYS    webhooks, removed; all of that webhook
  ARGV    id
  Answer  0: it was not there
]]
--- @include "arguments"

-- ms that a removed one is remembered, so that nobody writes it anew who has it in memory
local REMOVED_AGE = 3600000

local id, now = take(), redis_ms()
redis.call('ZREMRANGEBYSCORE', REMOVED, '-inf', whole(now - REMOVED_AGE))
redis.call('ZADD', REMOVED, whole(now), id)
redis.call('PEXPIRE', REMOVED, REMOVED_AGE)
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
return redis.call('HDEL', WEBHOOKS, id)
