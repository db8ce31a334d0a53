-- OUTBOX, KEPT, DUE. Records live an age from their last write, and as long as their entry is in the outbox.
--- @include "kept"

-- due entries dropped by one write, beside as many as it adds
local DROPPED_PER_WRITE = 8
-- one write in so many looks whether there is too much, and drops so many entries then
local MEASURED = 16
local FORGOTTEN = 512
-- a hash of so few entries is not measured; a larger one by some of them
local SMALL = 256
local SAMPLES = 64

local function in_outbox(place)
  return place ~= '0' and #redis.call('XRANGE', OUTBOX, place .. '-0', place .. '-0') > 0
end
local function find_record(id, now)
  local value, living = find('r ' .. id, now)
  local place, record = string.match(value or '', '^(%d+) (.*)$')
  if place and (living or in_outbox(place)) then return place, record end
  return nil
end
local places = {}
local function write_record(id, place, record, now)
  places[id] = place
  keep('r ' .. id, now + RECORD_AGE, place .. ' ' .. record)
end
local function drop_some(now, most)
  local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, most)
  for _, key in ipairs(due) do
    if string.sub(key, 1, 2) == 'r ' and find_record(string.sub(key, 3), now) then
      redis.call('ZADD', DUE, whole(now + RECORD_AGE), key)
    else drop(key) end
  end
  return #due
end
-- The oldest of what there is most of: records, what copies and Idempotency-Keys are known by, or iqs; by when they end, which tells
-- them apart well enough.
local forgotten = 0
local function forget(now, most)
  local hour, day = '(' .. whole(now + IQ_AGE), '(' .. whole(now + math.max(DEDUP_AGE, IDEMPOTENCY_AGE))
  local from, to, many = '-inf', '+inf', 0
  for _, ends in ipairs({ { '-inf', hour }, { hour, day }, { day, '+inf' } }) do
    local count = redis.call('ZCOUNT', DUE, ends[1], ends[2])
    if count > many then from, to, many = ends[1], ends[2], count end
  end
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', DUE, from, to, 'LIMIT', 0, most)) do
    local place = string.sub(key, 1, 2) == 'r ' and string.match(redis.call('HGET', KEPT, key) or '', '^%d+ (%d+)')
    if place and in_outbox(place) then redis.call('ZADD', DUE, whole(now + RECORD_AGE), key)
    else
      drop(key)
      forgotten = forgotten + 1
    end
  end
end
local function drop_due(now)
  if kept == 0 then return end
  drop_some(now, DROPPED_PER_WRITE + kept)
  if now % MEASURED > 0 then return end
  local entries = redis.call('HLEN', KEPT)
  if entries > KEPT_MAX then forget(now, math.min(entries - KEPT_MAX, FORGOTTEN))
  elseif entries > SMALL and redis.call('MEMORY', 'USAGE', KEPT, 'SAMPLES', SAMPLES) > KEPT_BYTES then forget(now, FORGOTTEN) end
end
