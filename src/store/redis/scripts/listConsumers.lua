--[[
  Lists the named consumers of a log.

  KEYS    log, consumers
  ARGV    none
  Answer  log name, head and floor, then of each: name, when it was last used, log name and sequence of its place. Nil: no log
]]
--- @include "arguments"

local now, answer = redis_ms(), redis.call('HMGET', LOG, 'name', 'head', 'floor')
if not answer[1] then return nil end
local all = redis.call('HGETALL', CONSUMERS)
for i = 1, #all, 2 do
  local used, log, sequence = string.match(all[i + 1], '^(%d+) (%S+) (%d+)$')
  if used and tonumber(used) + EVENT_LOG_AGE > now then
    for _, part in ipairs({ all[i], used, log, sequence }) do answer[#answer + 1] = part end
  end
end
return answer
