--[[
  Gives the right to probe back where it is still theirs.

  KEYS    lock
  ARGV    who
  Answer  1
]]
--- @include "arguments"

if redis.call('GET', LOCK) == take() then redis.call('DEL', LOCK) end
return 1
