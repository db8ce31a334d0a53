--[[
  Gives a lease back.

  KEYS    session
  ARGV    owner, fence
  Answer  1; 0: it has another lease by now
]]
--- @include "arguments"
--- @include "lease"

local owner, fence = take(), take()
local held, holder = lease()
if held ~= fence or holder ~= owner then return 0 end
return redis.call('HDEL', SESSION, 'lease')
