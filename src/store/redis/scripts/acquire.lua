--[[
  Gives the lease of a session to an owner.

  KEYS    session
  ARGV    owner, from ('': nobody)
  Answer  the fence; '' where there is no such session; nil: somebody else has it
]]
--- @include "arguments"
--- @include "lease"

local owner, from = take(), take()
local _, holder = lease()
if redis.call('EXISTS', SESSION) == 0 then return '' end
if (holder or '') ~= from then return nil end
return grant(owner)
