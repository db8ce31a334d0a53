--[[
  Looks for the last place before a time, some entries at one time.

  KEYS    log, durable, volatile
  ARGV    time, where to look on backwards in the durable and in the volatile lane ('+': the end, '': nowhere)
  Answer  the name of the log, the last place before that time as far as it was seen, and where to look on in each. Nil: no log
]]
--- @include "arguments"

-- entries that one step looks at in each lane
local STEP = 256

local time, froms = number(), { take(), take() }
local f = redis.call('HMGET', LOG, 'name', 'floor')
if not f[1] then return nil end
local found, on = tonumber(f[2] or 0), {}
for i, key in ipairs({ DURABLE, VOLATILE }) do
  on[i] = ''
  if froms[i] ~= '' then
    local some = redis.call('XREVRANGE', key, froms[i], '-', 'COUNT', STEP)
    if #some == STEP then on[i] = '(' .. some[#some][1] end
    for _, entry in ipairs(some) do
      local t = tonumber(entry[2][2])
      if t and t < time then
        found, on[i] = math.max(found, tonumber(string.match(entry[1], '^%d+'))), ''
        break
      end
    end
  end
end
return { f[1], found, on[1], on[2] }
