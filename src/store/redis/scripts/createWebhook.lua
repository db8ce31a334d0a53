--[[
  Makes a webhook.

  KEYS    webhooks
  ARGV    id, record
  Answer  when it was created; nil: there are too many
]]
--- @include "arguments"

if redis.call('HLEN', WEBHOOKS) >= WEBHOOKS_MAX then return nil end
local id, record, now = take(), take(), whole(redis_ms())
redis.call('HSET', WEBHOOKS, id, '1 ' .. now .. ' ' .. record)
return now
