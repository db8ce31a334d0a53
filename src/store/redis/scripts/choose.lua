--[[
  Notes which session has something of ids that callers chose.

  KEYS    those of the ids
  ARGV    session, how many are known of each, ms that they are
  Answer  how many ids they were
]]
--- @include "arguments"

local session, most, age = take(), number(), take()
for _, key in ipairs(KEYS) do
  redis.call('LREM', key, 0, session)
  redis.call('LPUSH', key, session)
  redis.call('LTRIM', key, 0, most - 1)
  redis.call('PEXPIRE', key, age)
end
return #KEYS
