--[[
  Writes a record of a tenant, where nobody else has since.

  KEYS    records
  ARGV    id, version expected, record
  Answer  1; 0: it has another one, or is gone
]]
--- @include "arguments"

local id, expected, record = take(), take(), take()
local version, created = string.match(redis.call('HGET', RECORDS, id) or '', '^(%d+) (%d+) ')
if version ~= expected then return 0 end
redis.call('HSET', RECORDS, id, whole(tonumber(version) + 1) .. ' ' .. created .. ' ' .. record)
return 1
