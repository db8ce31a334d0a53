--[[
  Makes an API key.

  KEYS    records
  ARGV    id, record
  Answer  1; 0: there are too many
]]
--- @include "arguments"

if redis.call('HLEN', RECORDS) >= KEYS_MAX then return 0 end
local id, record = take(), take()
redis.call('HSET', RECORDS, id, '1 ' .. record)
return 1
