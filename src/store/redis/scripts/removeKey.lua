--[[
  Revokes an API key.

  KEYS    records, used
  ARGV    id
  Answer  "<version> <created> <record>" as it was; nil: it was not there
]]
--- @include "arguments"

local id = take()
local record = redis.call('HGET', RECORDS, id)
redis.call('HDEL', RECORDS, id)
redis.call('HDEL', USED, id)
return record
