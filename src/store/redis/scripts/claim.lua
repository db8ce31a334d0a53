--[[
  Claims a resource of a JID.

  KEYS    jid
  ARGV    resource, session, ms that a claim lives, session known to be gone
  Answer  claimed; taken and the session that has it; pending
]]
--- @include "arguments"

local resource, session, life, gone = take(), take(), number(), take()
local id, till = string.match(redis.call('HGET', JID, resource) or '', '^(%S+) ?(%d*)$')
if id then
  if till ~= '' and tonumber(till) > redis_ms() and id ~= session then return { 'pending' } end
  if till == '' and id ~= gone then return { 'taken', id } end
end
redis.call('HSET', JID, resource, session .. ' ' .. whole(redis_ms() + life))
return { 'claimed' }
