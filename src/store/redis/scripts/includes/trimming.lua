-- LOG, DURABLE, VOLATILE. Drops what is too old, too many or too much, oldest first. The newest of a lane is never too large.
--- @include "log"

-- one in so many events that are kept may be more; of bytes in a log for so many
local MANY_KEPT = 1024
local LARGE_LOG = 16777216

local function surplus(lane, n, t, log, now, length)
  if length > lane.max then return 'many' end
  if lane.bytes > lane.most and length > 1 then return 'large' end
  if t + EVENT_LOG_AGE <= now or (lane == volatile and n <= log.floor) then return 'old' end
  return nil
end
-- Answers the time of the oldest that stays. Of a long lane some more than are kept may be there until they go together.
local function trim_lane(lane, log, now, is_due)
  local spare, bytes = math.floor(lane.max / MANY_KEPT), lane.most >= LARGE_LOG and math.floor(lane.most / MANY_KEPT) or 0
  local is_large = is_due or lane.bytes > lane.most + bytes
  -- there are no more than all since the floor
  if not is_large and log.head - log.floor <= lane.max + spare then return now end
  local length = redis.call('XLEN', lane.key)
  if not is_large and length <= lane.max + spare then return now end
  local step = math.max(1, math.min(length - lane.max, MANY))
  while length > 0 and (is_due or length > lane.max or lane.bytes > lane.most) do
    local last, stays
    for _, entry in ipairs(redis.call('XRANGE', lane.key, '-', '+', 'COUNT', step)) do
      local n, t = sequence(entry[1]), tonumber(entry[2][2]) or now
      local why = surplus(lane, n, t, log, now, length)
      if not why then
        stays = t
        break
      end
      if why ~= 'old' then lane[why] = lane[why] + 1 end
      if n > lane.uncounted then lane.bytes = lane.bytes - size_of(entry) end
      length, last = length - 1, n
    end
    if last then drop_to(lane, last, log) end
    if stays or not last then return stays or now end
    step = math.min(step * 2, MANY)
  end
  if length == 0 then lane.bytes, lane.uncounted = 0, 0 end
  return now
end
local function trim(log, now)
  local floor, is_due = log.floor, now >= log.aged
  local oldest, others
  if durable.grown or is_due then oldest = trim_lane(durable, log, now, is_due) end
  if volatile.grown or is_due or log.floor > floor then others = trim_lane(volatile, log, now, is_due or log.floor > floor) end
  if is_due then log.aged = math.min(oldest, others) + EVENT_LOG_AGE end
end
-- the next older ones of those that are not counted yet: some at each write
local function count_some(lane, log)
  local left, step = READ_BYTES, FEW
  while lane.uncounted > 0 and left > 0 do
    local some = redis.call('XREVRANGE', lane.key, whole(lane.uncounted), '-', 'COUNT', step)
    for _, entry in ipairs(some) do
      local n, size = sequence(entry[1]), size_of(entry)
      if lane.bytes > 0 and lane.bytes + size > lane.most then
        lane.large = lane.large + drop_to(lane, n, log)
        lane.uncounted = 0
        return
      end
      lane.bytes, lane.uncounted, left = lane.bytes + size, n - 1, left - size
      step = size < LARGE and MANY or FEW
    end
    if #some == 0 then lane.uncounted = 0 end
  end
end
local function trimmed_log(now)
  local log = get_log()
  if not log.name then return nil end
  if now >= log.aged and log.head > log.floor then
    trim(log, now)
    put_log(log)
  end
  return log
end
