#!lua flags=allow-oom
--[[
  Tells which instances are there, and that one is. A Redis that is full takes it still, or all sessions would be given up.

  The time of Redis can be set. Put back, it gives nobody more than the longest time. Put forward, it looks as if nobody had been heard for
  long: where that is so, nobody is late before it could have been heard, or has stopped acting.

  KEYS    place
  ARGV    owner ('': only a look), ms, load, '1' where it is new
  Answer  owner, load and ms left of each, without one that is late
]]
--- @include "arguments"

-- part of the longest time that anybody may be there unheard for which it acts at most
local ACTS = 2 / 3

local owner, ttl, load, anew = take(), number(), take(), take()
local now, there, answer = redis_ms(), false, {}
local function tell(name, till, load)
  answer[#answer + 1] = name
  answer[#answer + 1] = load
  answer[#answer + 1] = till - now
end
local function put(name, till, load) redis.call('HSET', PLACE, name, whole(till) .. ' ' .. load) end

local longest, last = string.match(redis.call('HGET', PLACE, '') or '', '^(%d+) (%d+)$')
longest = math.max(ttl, tonumber(longest or 0))
-- a look where no beat has said how long that is
if longest == 0 then longest = math.huge end
local acts = longest * ACTS
local silent = now - tonumber(last or now) > acts

local all = redis.call('HGETALL', PLACE)
for i = 1, #all, 2 do
  local name, known, said = all[i], string.match(all[i + 1], '^(%d+) (.*)$')
  if name ~= '' then
    known = tonumber(known or 0)
    local till = math.min(known, now + longest)
    if silent and known > 0 then till = math.max(till, now + acts) end
    if till <= now then redis.call('HDEL', PLACE, name)
    elseif name == owner then there = true
    else
      if till ~= known then put(name, till, said) end
      tell(name, till, said)
    end
  end
end
if owner ~= '' then redis.call('HSET', PLACE, '', whole(longest) .. ' ' .. whole(now)) end
if owner ~= '' and (there or anew == '1') then
  put(owner, now + ttl, load)
  tell(owner, now + ttl, load)
end
return answer
