--[[
  Counts a try that failed.

  KEYS    webhooks, health
  ARGV    id
  Answer  how many tries failed in a row; 0: it is gone
]]
--- @include "arguments"

if redis.call('HEXISTS', WEBHOOKS, take()) == 0 then return 0 end
return redis.call('HINCRBY', HEALTH, 'failures', 1)
