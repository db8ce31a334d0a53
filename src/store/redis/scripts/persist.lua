--[[
  A session that is confirmed does not end by itself any more. The log of one that was removed meanwhile does.

  KEYS    session, log
  ARGV    none
  Answer  1; 0: there is no such session
]]
--- @include "arguments"

if redis.call('EXISTS', SESSION) == 0 then return 0 end
redis.call('PERSIST', SESSION)
redis.call('PERSIST', LOG)
return 1
