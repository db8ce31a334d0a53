/** Lua that the scripts share. KEYS[1] is the base of the session's keys, see keys.ts. */
import type { StoreLimits } from '../../../gateway/ports.ts'
import { DRAIN_WINDOW } from '../../drain.ts'

/** due entries dropped by one write, beside as many as it adds */
const DROPPED_PER_WRITE = 8

/** Arguments are taken one after the other. */
export const ARGUMENTS = `
local base = KEYS[1]
local taken = 0
local function take()
  taken = taken + 1
  return ARGV[taken]
end
local function number() return tonumber(take()) end
local function whole(n) return string.format('%.0f', n) end
local function redis_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function session_exists() return redis.call('EXISTS', base .. ':session') == 1 end
`

/** Hashes whose entries end: each value starts with its end, a zset lists them by it. */
export const AGING = `
local function due(noun, now, added)
  return redis.call('ZRANGEBYSCORE', base .. noun .. ':due', '-inf', now, 'LIMIT', 0, ${DROPPED_PER_WRITE} + added)
end
local function drop(noun, keys)
  for _, key in ipairs(keys) do
    redis.call('HDEL', base .. noun, key)
    redis.call('ZREM', base .. noun .. ':due', key)
  end
end
local function keep(noun, key, till, value)
  redis.call('HSET', base .. noun, key, value)
  redis.call('ZADD', base .. noun .. ':due', till, key)
end
`

/** The log: opened, appended to, closed; opening answers nil where Redis has lost a part of it, and is done anew with a fresh name. */
export const log = ({ eventLogMax, eventLogAge, volatileMax, dedupAge }: StoreLimits, publish: 'PUBLISH' | 'SPUBLISH') => `
local lanes = { d = base .. ':log:durable', v = base .. ':log:volatile' }
local function sequence(id) return tonumber(string.match(id, '^%d+')) end

local function open_log(fresh, seen_log, seen_head)
  local f = redis.call('HMGET', base .. ':log', 'name', 'head', 'floor', 'aged')
  local log = { name = f[1], head = tonumber(f[2] or 0), floor = tonumber(f[3] or 0), aged = tonumber(f[4] or 0) }
  if fresh ~= '' then
    log.name = fresh
    for _, lane in pairs(lanes) do
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
    local known = redis.call('HGET', base .. ':dedup', key)
    if known then
      local till, cursor = string.match(known, '^(%d+) (.*)$')
      if tonumber(till) > now then return cursor end
    end
  end
  return nil
end
local function remember(keys, cursor, now)
  if #keys == 0 then return end
  drop(':dedup', due(':dedup', now, #keys))
  local till = whole(now + ${dedupAge})
  for _, key in ipairs(keys) do
    if not seen({ key }, now) then keep(':dedup', key, till, till .. ' ' .. cursor) end
  end
end

local function append(log, now)
  local lane, keys = take(), {}
  for i = 1, number() do keys[i] = take() end
  local event = take()
  local known = seen(keys, now)
  if known then
    remember(keys, known, now)
    return known
  end
  log.head = log.head + 1
  local id = whole(log.head) .. '-0'
  if lane == 'v' then
    redis.call('XADD', lanes.v, 'MAXLEN', ${volatileMax}, id, 't', whole(now), 'e', event)
  else
    redis.call('XADD', lanes.d, id, 't', whole(now), 'e', event)
  end
  remember(keys, log.name .. ' ' .. whole(log.head), now)
  return log.head
end

local function trim_count(log)
  local extra = redis.call('XLEN', lanes.d) - ${eventLogMax}
  while extra > 0 do
    local old = redis.call('XRANGE', lanes.d, '-', '+', 'COUNT', math.min(extra, 100))
    if #old == 0 then return end
    log.floor = sequence(old[#old][1])
    redis.call('XTRIM', lanes.d, 'MINID', whole(log.floor + 1))
    extra = extra - #old
  end
end

local function trim_age(log, now)
  if now < log.aged then return end
  local oldest = now
  for name, lane in pairs(lanes) do
    local going = true
    while going do
      local entries = redis.call('XRANGE', lane, '-', '+', 'COUNT', 50)
      local last = nil
      going = #entries == 50
      for _, entry in ipairs(entries) do
        local t = tonumber(entry[2][2])
        if t + ${eventLogAge} > now then
          oldest = math.min(oldest, t)
          going = false
          break
        end
        last = sequence(entry[1])
      end
      if last then
        redis.call('XTRIM', lane, 'MINID', whole(last + 1))
        if name == 'd' then log.floor = math.max(log.floor, last) end
      end
    end
  end
  log.aged = oldest + ${eventLogAge}
end

local function close_log(log, now)
  local floor = log.floor
  trim_count(log)
  trim_age(log, now)
  if log.floor > floor then redis.call('XTRIM', lanes.v, 'MINID', whole(log.floor + 1)) end
  redis.call('HSET', base .. ':log', 'name', log.name, 'head', whole(log.head), 'floor', whole(log.floor), 'aged', whole(log.aged))
  redis.call('${publish}', base .. ':wake', log.name .. ' ' .. whole(log.head))
end
`

/** Records live an age from their last write, and as long as their entry is in the outbox. */
export const records = ({ recordAge }: StoreLimits) => `
local function in_outbox(place)
  return place ~= '0' and #redis.call('XRANGE', base .. ':outbox', place .. '-0', place .. '-0') > 0
end
local function find_record(id, now)
  local value = redis.call('HGET', base .. ':records', id)
  if not value then return nil end
  local till, place, record = string.match(value, '^(%d+) (%d+) (.*)$')
  if tonumber(till) > now or in_outbox(place) then return place, record end
  return nil
end
local function write_record(id, place, record, now)
  local till = whole(now + ${recordAge})
  keep(':records', id, till, till .. ' ' .. place .. ' ' .. record)
end
local function drop_records(now, added)
  for _, id in ipairs(due(':records', now, added)) do
    if find_record(id, now) then redis.call('ZADD', base .. ':records:due', whole(now + ${recordAge}), id)
    else drop(':records', { id }) end
  end
end
local function settle(ids, now)
  local gone = 0
  for _, id in ipairs(ids) do
    local value = redis.call('HGET', base .. ':records', id)
    local place = value and string.match(value, '^%d+ (%d+)')
    if place and place ~= '0' then gone = gone + redis.call('XDEL', base .. ':outbox', place .. '-0') end
  end
  if gone == 0 then return end
  local since = tonumber(redis.call('HGET', base .. ':session', 'since') or 0)
  if now - since < ${DRAIN_WINDOW} then redis.call('HINCRBY', base .. ':session', 'settled', gone)
  else redis.call('HSET', base .. ':session', 'since', whole(now), 'settled', gone) end
end
`

/** Idempotency-Keys: an answer, or the mark of a request that is still running. */
export const ANSWERS = `
local function find_key(key, now, dead)
  local value = redis.call('HGET', base .. ':answers', key)
  if not value then return nil end
  local state, till, fingerprint, rest = string.match(value, '^(%a) (%d+) (%S*) (.*)$')
  if state == 'r' then
    if rest == dead or tonumber(till) <= redis_ms() then return nil end
  elseif tonumber(till) <= now then return nil end
  return state, fingerprint, rest
end
local function look(key, fingerprint, now, dead)
  local state, known, rest = find_key(key, now, dead)
  if not state then return nil end
  if known ~= fingerprint then return { 'reused' } end
  if state == 'r' then return { 'running', rest } end
  return { 'replayed', rest }
end
local function keep_answer(key, fingerprint, answer, now, age)
  drop(':answers', due(':answers', now, 1))
  local till = whole(now + age)
  keep(':answers', key, till, 'a ' .. till .. ' ' .. fingerprint .. ' ' .. answer)
end
`
