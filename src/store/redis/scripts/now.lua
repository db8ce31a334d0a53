--[[
  Tells the time of the node that has the session.

  KEYS    session
  ARGV    none
  Answer  epoch ms
]]
--- @include "arguments"

return redis_ms()
