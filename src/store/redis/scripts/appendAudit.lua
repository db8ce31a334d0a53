--[[
  Writes down who did something; what is too old, or too much, goes.

  KEYS    entries
  ARGV    entry
  Answer  nothing
]]
--- @include "arguments"

local now = redis_ms()
redis.call('XADD', ENTRIES, 'MAXLEN', AUDIT_MAX, '*', 'e', take())
redis.call('XTRIM', ENTRIES, 'MINID', whole(now - AUDIT_AGE))
redis.call('PEXPIRE', ENTRIES, AUDIT_AGE)
return nil
