--[[
  Lists sessions after one, which may have been removed.

  KEYS    members, left
  ARGV    after ('': from the oldest), limit
  Answer  their ids
]]
--- @include "arguments"

local after, limit = take(), number()
if after == '' then return redis.call('ZRANGE', MEMBERS, 0, limit - 1) end
local rank = redis.call('ZRANK', MEMBERS, after)
if rank then return redis.call('ZRANGE', MEMBERS, rank + 1, rank + limit) end
local created = redis.call('ZSCORE', LEFT, after)
if not created then return {} end
local later = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', MEMBERS, created, created)) do
  if id > after and #later < limit then later[#later + 1] = id end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', MEMBERS, '(' .. created, '+inf', 'LIMIT', 0, limit - #later)) do later[#later + 1] = id end
return later
