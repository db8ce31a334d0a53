-- SESSION, OUTBOX, KEPT, DUE. Records live an age from their last write, and as long as their entry is in the outbox.
--- @include "kept"

-- ms between two looks for what is due, and due entries that one of them drops beside as many as its write adds
local LOOK = 20
local DROPPED = 256
-- entries that go at one look where there is too much
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
  if #due == 0 then return 0 end
  fetch(due)
  local gone = {}
  for _, key in ipairs(due) do
    local till, rest = parted(texts[key])
    local place = till and string.sub(key, 1, 2) == 'r ' and string.match(rest, '^%d+')
    if till and tonumber(till) > now then redis.call('ZADD', DUE, till, key)
    elseif place and in_outbox(place) then redis.call('ZADD', DUE, whole(now + RECORD_AGE), key)
    else gone[#gone + 1] = key end
  end
  drop_all(gone)
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
  local oldest, gone = redis.call('ZRANGEBYSCORE', DUE, from, to, 'LIMIT', 0, most), {}
  fetch(oldest)
  for _, key in ipairs(oldest) do
    local _, rest = parted(texts[key])
    local place = rest and string.sub(key, 1, 2) == 'r ' and string.match(rest, '^%d+')
    if place and in_outbox(place) then redis.call('ZADD', DUE, whole(now + RECORD_AGE), key)
    else gone[#gone + 1] = key end
  end
  drop_all(gone)
  forgotten = forgotten + #gone
end
-- `looked`: when it was last looked for, as the session has it
local function is_look_due(looked, now)
  local last = tonumber(looked or 0)
  return now < last or now - last >= LOOK
end
-- after close_kept
local function drop_due(now)
  drop_some(now, DROPPED + kept)
  local entries = redis.call('HLEN', KEPT)
  if entries > KEPT_MAX then forget(now, math.min(entries - KEPT_MAX, FORGOTTEN))
  elseif entries > SMALL and redis.call('MEMORY', 'USAGE', KEPT, 'SAMPLES', SAMPLES) > KEPT_BYTES then forget(now, FORGOTTEN) end
end
