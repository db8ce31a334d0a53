--[[
  Drops what has become too old of a session to which nothing is written that would drop it.

  KEYS    log, durable, volatile, outbox, kept, due
  ARGV    none
  Answer  how many kept entries were due: where they are TIDIED there may be more
]]
--- @include "arguments"
--- @include "records"
--- @include "trimming"

local now = redis_ms()
local log = trimmed_log(now)
if log and log.counting then
  count_some(durable, log)
  count_some(volatile, log)
  put_log(log)
end
return drop_some(now, TIDIED)
