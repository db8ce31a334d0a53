/** The log: opened, appended to, closed, and read. */
import { type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

const SEQUENCE = `
local function sequence(id) return tonumber(string.match(id, '^%d+')) end
`

/** LOG, DURABLE, VOLATILE. Drops what is too old, at most as often as something can have become so. */
export const trimming = ({ limits: { eventLogAge } }: ScriptOptions) => `${SEQUENCE}
local function trim_lane(lane, now)
  local last = nil
  while true do
    local entries = redis.call('XRANGE', lane, '-', '+', 'COUNT', 50)
    local old = 0
    for _, entry in ipairs(entries) do
      local t = tonumber(entry[2][2]) or now
      if t + ${eventLogAge} > now then
        if old > 0 then redis.call('XTRIM', lane, 'MINID', whole(last + 1)) end
        return last, t
      end
      old = old + 1
      last = sequence(entry[1])
    end
    if old == 0 then return last, now end
    redis.call('XTRIM', lane, 'MINID', whole(last + 1))
  end
end
local function trim_age(log, now)
  if now < log.aged then return end
  local floor, oldest = trim_lane(DURABLE, now)
  local _, oldest_volatile = trim_lane(VOLATILE, now)
  log.floor = math.max(log.floor, floor or 0)
  log.aged = math.min(oldest, oldest_volatile) + ${eventLogAge}
end
local function trimmed_log(now)
  local f = redis.call('HMGET', LOG, 'name', 'head', 'floor', 'aged')
  if not f[1] then return nil end
  local log = { name = f[1], head = tonumber(f[2]), floor = tonumber(f[3]), aged = tonumber(f[4]) }
  if now >= log.aged and log.head > log.floor then
    trim_age(log, now)
    redis.call('HSET', LOG, 'floor', whole(log.floor), 'aged', whole(log.aged))
  end
  return log
end
`

/** LOG, DURABLE, VOLATILE, KEPT. Opening answers nil where Redis has lost a part of it; it is done anew with a fresh name. */
export const appending = (options: ScriptOptions) => `${trimming(options)}
local function open_log(fresh, seen_log, seen_head)
  local f = redis.call('HMGET', LOG, 'name', 'head', 'floor', 'aged')
  local log = { name = f[1], head = tonumber(f[2] or 0), floor = tonumber(f[3] or 0), aged = tonumber(f[4] or 0) }
  if fresh ~= '' then
    log.name = fresh
    for _, lane in ipairs({ DURABLE, VOLATILE }) do
      local last = redis.call('XREVRANGE', lane, '+', '-', 'COUNT', 1)[1]
      if last then log.head = math.max(log.head, sequence(last[1])) end
    end
  elseif not log.name or (log.name == seen_log and log.head < tonumber(seen_head)) then
    return nil
  end
  return log
end

local function seen(keys, now)
  for _, key in ipairs(keys) do
    local cursor, living = find('d ' .. key, now)
    if living and string.match(cursor, '^%S+ %d+$') then return cursor end
  end
  return nil
end
local function remember(keys, cursor, now)
  for _, key in ipairs(keys) do
    if not seen({ key }, now) then keep('d ' .. key, now + ${options.limits.dedupAge}, cursor) end
  end
end
local function append(log, now)
  local lane, keys = take(), {}
  for i = 1, number() do keys[i] = take() end
  local others = {}
  for i = 1, number() do others[i] = take() end
  local event = take()
  local known = seen(keys, now) or seen(others, now)
  if known then
    remember(keys, known, now)
    return known
  end
  log.head = log.head + 1
  local id = whole(log.head) .. '-0'
  if lane == 'v' then redis.call('XADD', VOLATILE, 'MAXLEN', ${options.limits.volatileMax}, id, 't', whole(now), 'e', event)
  else redis.call('XADD', DURABLE, id, 't', whole(now), 'e', event) end
  remember(keys, log.name .. ' ' .. whole(log.head), now)
  return log.head
end

local function trim_count(log)
  local extra = redis.call('XLEN', DURABLE) - ${options.limits.eventLogMax}
  while extra > 0 do
    local old = redis.call('XRANGE', DURABLE, '-', '+', 'COUNT', math.min(extra, 100))
    log.floor = sequence(old[#old][1])
    redis.call('XTRIM', DURABLE, 'MINID', whole(log.floor + 1))
    extra = extra - #old
  end
end
local function close_log(log, now)
  local floor = log.floor
  trim_count(log)
  trim_age(log, now)
  if log.floor > floor then redis.call('XTRIM', VOLATILE, 'MINID', whole(log.floor + 1)) end
  redis.call('HSET', LOG, 'name', log.name, 'head', whole(log.head), 'floor', whole(log.floor), 'aged', whole(log.aged))
  redis.pcall('${options.publish}', (string.gsub(LOG, 'log$', 'wake')), log.name .. ' ' .. whole(log.head))
end
`

/**
 * log name and sequence to read after (name '': from the oldest), how many.
 * Answers name, head, floor, then the durable and the volatile entries; from the oldest where the place is not in the log. Nil: no log.
 */
export const readLog = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['log', 'durable', 'volatile'],
    trimming(options),
    `
local name, after, limit, now = take(), number(), take(), redis_ms()
local log = trimmed_log(now)
if not log then return nil end
if name ~= log.name or after < log.floor or after > log.head then after = log.floor end
if after == log.head then return { log.name, log.head, log.floor, {}, {} } end
local from = whole(after + 1)
return {
  log.name, log.head, log.floor,
  redis.call('XRANGE', DURABLE, from, '+', 'COUNT', limit),
  redis.call('XRANGE', VOLATILE, from, '+', 'COUNT', limit),
}
`,
  )
