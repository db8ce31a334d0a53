#!lua flags=allow-oom
--[[
  Reads an API key, and notes that it is used. A Redis that is full takes that still, or nobody could call who would make room.

  KEYS    records, used
  ARGV    id, when it is used (epoch ms; 0: it is only looked at)
  Answer  "<version> <created> <record>"; nil: there is no such key
]]
--- @include "arguments"

local id, at = take(), number()
local record = redis.call('HGET', RECORDS, id)
if record and at > 0 then redis.call('HSET', USED, id, whole(at)) end
return record
