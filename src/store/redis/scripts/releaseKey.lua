--[[
  Takes the mark of a request that runs away.

  KEYS    kept, due
  ARGV    key
  Answer  1
]]
--- @include "arguments"
--- @include "answers"

local key = take()
if find_key(key, redis_ms(), '') == 'r' then drop_all({ 'a ' .. key }) end
return 1
