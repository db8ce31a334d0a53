--[[
  Says that a session is being removed: it is in the list still, until it is gone.

  KEYS    jid, members, left
  ARGV    resource, session, createdAt, ms and number of those that are remembered
  Answer  1
]]
--- @include "arguments"

local resource, session, created, life, most = take(), take(), take(), take(), number()
if redis.call('ZSCORE', MEMBERS, session) then
  redis.call('ZADD', LEFT, created, session)
  redis.call('ZREMRANGEBYRANK', LEFT, 0, -most - 1)
  redis.call('PEXPIRE', LEFT, life)
end
local known = redis.call('HGET', JID, resource)
if known and string.match(known, '^%S+') == session then redis.call('HDEL', JID, resource) end
return 1
