--[[
  Takes a named consumer's place in the log, or gives it a first one.

  KEYS    session, log, consumers
  ARGV    name, log name and sequence where it begins ('': the oldest kept), '1' where it acks that place
  Answer  log name and sequence of its place, and 1 where it is new; '' in their stead: there are too many others.
          Nil: no session
]]
--- @include "arguments"

local name, from, at, acks = take(), take(), take(), take() == '1'
if redis.call('EXISTS', SESSION) == 0 then return nil end
local now = redis_ms()
local function known(text)
  local used, log, sequence = string.match(text or '', '^(%d+) (%S+) (%d+)$')
  if not used or tonumber(used) + EVENT_LOG_AGE <= now then return nil end
  return log, sequence
end
local function drop_old()
  local all = redis.call('HGETALL', CONSUMERS)
  for i = 1, #all, 2 do
    if not known(all[i + 1]) then redis.call('HDEL', CONSUMERS, all[i]) end
  end
end
local bounds = redis.call('HMGET', LOG, 'name', 'head', 'floor')
local log, sequence = known(redis.call('HGET', CONSUMERS, name))
local new = 0
if not log then
  if redis.call('HLEN', CONSUMERS) >= CONSUMERS_MAX then drop_old() end
  if redis.call('HLEN', CONSUMERS) >= CONSUMERS_MAX then return '' end
  log, sequence, new = from, at, 1
  if from == '' then log, sequence = bounds[1], bounds[3] end
elseif acks and from == bounds[1] and tonumber(at) <= tonumber(bounds[2]) and (log ~= from or tonumber(at) > tonumber(sequence)) then
  log, sequence = from, at
end
redis.call('HSET', CONSUMERS, name, whole(now) .. ' ' .. log .. ' ' .. sequence)
redis.call('PEXPIRE', CONSUMERS, EVENT_LOG_AGE)
return { log, sequence, new }
