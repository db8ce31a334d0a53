/** The log: opened, appended to, closed, and read. */
import { READ_BYTES } from '../../reading.ts'
import { copies } from './copies.ts'
import { type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

/** entries of a lane that are looked at in one command: a few where they may be large */
const FEW = 4
const MANY = 32
/** bytes of a large one */
const LARGE = READ_BYTES / MANY

/**
 * LOG, DURABLE, VOLATILE. What the hash of the log says. `bytes` of a lane are those of its events after `uncounted`; 0: of all.
 * A build that does not count them may have written to it since: then head or aged are not as they were at the last count, and it
 * begins anew.
 */
const hash = ({ limits: { eventLogMax, eventLogBytes, volatileMax, volatileBytes } }: ScriptOptions) => `
local function sequence(id) return tonumber(string.match(id, '^%d+')) end
local function size_of(entry) return #(entry[2][4] or '') end
-- of its data as JSON, where it is packed
local function told_size(entry)
  local packed = string.match(entry[2][4] or '', '^z%d+ (%d+) ')
  return tonumber(packed) or size_of(entry)
end
local durable = { key = DURABLE, max = ${eventLogMax}, most = ${eventLogBytes}, many = 0, large = 0 }
local volatile = { key = VOLATILE, max = ${volatileMax}, most = ${volatileBytes}, many = 0, large = 0 }
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
`

/** Drops what is too old, too many or too much, oldest first. The newest of a lane is never too large. */
export const trimming = (options: ScriptOptions) => `${hash(options)}
local function surplus(lane, n, t, log, now, length)
  if length > lane.max then return 'many' end
  if lane.bytes > lane.most and length > 1 then return 'large' end
  if t + ${options.limits.eventLogAge} <= now or (lane == volatile and n <= log.floor) then return 'old' end
  return nil
end
-- answers the time of the oldest that stays
local function trim_lane(lane, log, now, is_due)
  local length = redis.call('XLEN', lane.key)
  local step = math.max(1, math.min(length - lane.max, ${MANY}))
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
    step = math.min(step * 2, ${MANY})
  end
  if length == 0 then lane.bytes, lane.uncounted = 0, 0 end
  return now
end
local function trim(log, now)
  local floor, is_due = log.floor, now >= log.aged
  local oldest, others
  if durable.grown or is_due then oldest = trim_lane(durable, log, now, is_due) end
  if volatile.grown or is_due or log.floor > floor then others = trim_lane(volatile, log, now, is_due or log.floor > floor) end
  if is_due then log.aged = math.min(oldest, others) + ${options.limits.eventLogAge} end
end
-- the next older ones of those that are not counted yet: some at each write
local function count_some(lane, log)
  local left, step = ${READ_BYTES}, ${FEW}
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
      step = size < ${LARGE} and ${MANY} or ${FEW}
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
`

/** LOG, DURABLE, VOLATILE, KEPT. Opening answers nil where Redis has lost a part of it; it is done anew with a fresh name. */
export const appending = (options: ScriptOptions) => `${trimming(options)}${copies(options)}
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

local function append(log, now)
  local lane, how, event = take() == 'v' and volatile or durable, take(), take()
  local copy = how ~= '' and cjson.decode(how)
  local known = copy and original(copy, now)
  if known then
    remember(copy, known, now)
    return known
  end
  log.head = log.head + 1
  redis.call('XADD', lane.key, whole(log.head) .. '-0', 't', whole(now), 'e', event)
  lane.bytes, lane.grown = lane.bytes + #event, true
  if copy then remember(copy, log.name .. ' ' .. whole(log.head), now) end
  return log.head
end

local function close_log(log, now)
  count_some(durable, log)
  count_some(volatile, log)
  trim(log, now)
  put_log(log)
  redis.pcall('${options.publish}', (string.gsub(LOG, 'log$', 'wake')), log.name .. ' ' .. whole(log.head))
end
-- how many events had to go by their number and by their bytes, of each lane, and what else was forgotten; nil: none
local function dropped()
  if durable.many + durable.large + volatile.many + volatile.large + forgotten == 0 then return nil end
  return { durable.many, durable.large, volatile.many, volatile.large, forgotten }
end
`

/**
 * log name and sequence to read after (name '': from the oldest), how many.
 * Answers name, head, floor, then of the durable and the volatile lane: the entries, and 1 where there may be more of them; from the
 * oldest where the place is not in the log. Nil: no log.
 */
export const readLog = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['log', 'durable', 'volatile'],
    trimming(options),
    `
local function read_lane(lane, from, limit)
  local entries, bytes, step = {}, 0, ${FEW}
  while #entries < limit do
    local asked = math.min(step, limit - #entries)
    local some = redis.call('XRANGE', lane.key, whole(from), '+', 'COUNT', asked)
    for _, entry in ipairs(some) do
      entries[#entries + 1] = entry
      bytes = bytes + told_size(entry)
      if bytes >= ${READ_BYTES} then return entries, 1 end
    end
    if #some < asked then return entries, 0 end
    from = sequence(some[#some][1]) + 1
    step = bytes < #entries * ${LARGE} and ${MANY} or ${FEW}
  end
  return entries, 1
end

local name, after, limit, now = take(), number(), number(), redis_ms()
local log = trimmed_log(now)
if not log then return nil end
if name ~= log.name or after < log.floor or after > log.head then after = log.floor end
if after == log.head then return { log.name, log.head, log.floor, {}, 0, {}, 0 } end
local ours, ours_cut = read_lane(durable, after + 1, limit)
local others, others_cut = read_lane(volatile, after + 1, limit)
return { log.name, log.head, log.floor, ours, ours_cut, others, others_cut }
`,
  )
