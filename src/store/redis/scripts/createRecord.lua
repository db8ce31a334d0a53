--[[
  Makes a record of a tenant.

  KEYS    records
  ARGV    id, records at most, record
  Answer  when it was created; nil: there are too many
]]
--- @include "arguments"

local id, most, record, now = take(), number(), take(), whole(redis_ms())
if redis.call('HLEN', RECORDS) >= most then return nil end
redis.call('HSET', RECORDS, id, '1 ' .. now .. ' ' .. record)
return now
