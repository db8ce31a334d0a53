-- LOG, DURABLE, VOLATILE, OUTBOX, KEPT, DUE. Opening answers nil where Redis has lost a part of it; it is done anew with a fresh name.
--- @include "records"
--- @include "trimming"
--- @include "copies"

local function open_log(fresh, seen_log, seen_head)
  local log = get_log()
  if fresh ~= '' then
    log.name = fresh
    for _, lane in ipairs({ durable, volatile }) do
      local last = redis.call('XREVRANGE', lane.key, '+', '-', 'COUNT', 1)[1]
      if last then log.head = math.max(log.head, sequence(last[1])) end
    end
    count_anew(log)
  elseif not log.name or (log.name == seen_log and log.head < tonumber(seen_head)) then
    return nil
  end
  return log
end

-- an event of the arguments: lane (v: volatile), how it came ('': no stanza), event
local function take_event()
  local lane, how, event = take() == 'v' and volatile or durable, take(), take()
  return { lane = lane, event = event, copy = how ~= '' and cjson.decode(how) }
end
local function take_events()
  local events, keys = {}, {}
  for i = 1, number() do
    events[i] = take_event()
    for _, key in ipairs(events[i].copy and events[i].copy.keys or {}) do keys[#keys + 1] = 'd ' .. key.key end
  end
  fetch(keys)
  return events
end
local function append(log, one, now)
  local lane, copy = one.lane, one.copy
  local known = copy and original(copy, now)
  if known then
    remember(copy, known, now)
    return known
  end
  log.head = log.head + 1
  redis.call('XADD', lane.key, whole(log.head) .. '-0', 't', whole(now), 'e', one.event)
  lane.bytes, lane.grown = lane.bytes + #one.event, true
  if copy then remember(copy, log.name .. ' ' .. whole(log.head), now) end
  return log.head
end

local function close_log(log, now)
  count_some(durable, log)
  count_some(volatile, log)
  trim(log, now)
  put_log(log)
  redis.pcall(PUBLISH, (string.gsub(LOG, 'log$', 'wake')), log.name .. ' ' .. whole(log.head))
end
-- how many events had to go by their number and by their bytes, of each lane, and what else was forgotten; nil: none
local function dropped()
  if durable.many + durable.large + volatile.many + volatile.large + forgotten == 0 then return nil end
  return { durable.many, durable.large, volatile.many, volatile.large, forgotten }
end
