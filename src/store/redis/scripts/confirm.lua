--[[
  Makes a claim last.

  KEYS    jid, members
  ARGV    resource, session, createdAt
  Answer  1; 0: the claim was lost meanwhile; -1: the tenant has as many sessions as it may
]]
--- @include "arguments"

local resource, session, created = take(), take(), take()
local known = redis.call('HGET', JID, resource)
if not known or string.match(known, '^%S+') ~= session then return 0 end
if MAX_SESSIONS > 0 and redis.call('ZCARD', MEMBERS) >= MAX_SESSIONS and not redis.call('ZSCORE', MEMBERS, session) then
  redis.call('HDEL', JID, resource)
  return -1
end
redis.call('HSET', JID, resource, session)
redis.call('ZADD', MEMBERS, created, session)
return 1
