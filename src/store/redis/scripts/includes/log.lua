-- LOG, DURABLE, VOLATILE. What the hash of the log says. `bytes` of a lane are those of its events after `uncounted`; 0: of all.
-- A build that does not count them may have written to it since: then head or aged are not as they were at the last count, and it
-- begins anew.

-- entries of a lane that are looked at in one command: a few where they may be large
local FEW = 4
local MANY = 32
-- bytes of a large one
local LARGE = READ_BYTES / MANY

local function sequence(id) return tonumber(string.match(id, '^%d+')) end
local function size_of(entry) return #(entry[2][4] or '') end
-- of its data as JSON, where it is packed
local function told_size(entry)
  local packed = string.match(entry[2][4] or '', '^z%d+ (%d+) ')
  return tonumber(packed) or size_of(entry)
end
local durable = { key = DURABLE, max = EVENT_LOG_MAX, most = EVENT_LOG_BYTES, many = 0, large = 0 }
local volatile = { key = VOLATILE, max = VOLATILE_MAX, most = VOLATILE_BYTES, many = 0, large = 0 }
local function count_anew(log)
  for _, lane in ipairs({ durable, volatile }) do lane.bytes, lane.uncounted = 0, log.head end
  log.counting = true
end
local function get_log()
  local f = redis.call('HMGET', LOG, 'name', 'head', 'floor', 'aged', 'bytes', 'uncounted')
  local log = { name = f[1], head = tonumber(f[2] or 0), floor = tonumber(f[3] or 0), aged = tonumber(f[4] or 0), counting = f[6] }
  local bytes, others, head, aged = string.match(f[5] or '', '^(%d+) (%d+) (%d+) (%d+)$')
  if tonumber(head) == log.head and tonumber(aged) == log.aged then
    durable.bytes, volatile.bytes = tonumber(bytes), tonumber(others)
    local uncounted, beside = string.match(f[6] or '', '^(%d+) (%d+)$')
    durable.uncounted, volatile.uncounted = tonumber(uncounted or 0), tonumber(beside or 0)
  else count_anew(log) end
  return log
end
local function put_log(log)
  local bytes = whole(durable.bytes) .. ' ' .. whole(volatile.bytes) .. ' ' .. whole(log.head) .. ' ' .. whole(log.aged)
  redis.call('HSET', LOG, 'name', log.name, 'head', whole(log.head), 'floor', whole(log.floor), 'aged', whole(log.aged), 'bytes', bytes)
  if not log.counting then return end
  if durable.uncounted + volatile.uncounted == 0 then redis.call('HDEL', LOG, 'uncounted')
  else redis.call('HSET', LOG, 'uncounted', whole(durable.uncounted) .. ' ' .. whole(volatile.uncounted)) end
end
-- drops all up to a place; answers how many
local function drop_to(lane, last, log)
  if lane == durable then log.floor = math.max(log.floor, last) end
  return redis.call('XTRIM', lane.key, 'MINID', whole(last + 1))
end
