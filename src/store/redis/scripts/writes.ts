/** The two scripts that everything goes through: what is accepted from callers, and what an owner writes. */
import type { StoreLimits } from '../../../gateway/ports.ts'
import { AGING, ANSWERS, ARGUMENTS, log, records } from './prelude.ts'

/**
 * now, instance that is dead, fresh log name, log and head last seen · key, fingerprint, answer (key '': none) ·
 * entries: id, entry, record · events: lane, dedup keys, event
 */
export const accept = (limits: StoreLimits, publish: 'PUBLISH' | 'SPUBLISH') => `
${ARGUMENTS}${AGING}${log(limits, publish)}${records(limits)}${ANSWERS}
local now, dead, fresh, seen_log, seen_head = number(), take(), take(), take(), take()
if not session_exists() then return { 'absent' } end
local key, fingerprint, answer = take(), take(), take()
if key ~= '' then
  local known = look(key, fingerprint, now, dead)
  if known then return known end
end

local entries, ids = {}, {}
for i = 1, number() do
  local entry = { id = take(), entry = take(), record = take() }
  if ids[entry.id] or find_record(entry.id, now) then return { 'id-in-use', entry.id } end
  ids[entry.id] = true
  entries[i] = entry
end
if #entries > 0 then
  local excess = redis.call('XLEN', base .. ':outbox') + #entries - ${limits.outboxMax}
  if excess > 0 then
    local drain = redis.call('HMGET', base .. ':session', 'since', 'settled')
    return { 'full', excess, drain[1] or '0', drain[2] or '0' }
  end
end
local events = number()
local log
if events > 0 then
  log = open_log(fresh, seen_log, seen_head)
  if not log then return { 'lost' } end
end

if #entries > 0 then
  local place = redis.call('HINCRBY', base .. ':session', 'places', #entries) - #entries
  for _, entry in ipairs(entries) do
    place = place + 1
    redis.call('XADD', base .. ':outbox', whole(place) .. '-0', 'e', entry.entry)
    write_record(entry.id, whole(place), entry.record, now)
  end
  drop_records(now, #entries)
end
if key ~= '' then keep_answer(key, fingerprint, answer, now, ${limits.idempotencyAge}) end
if not log then return { 'accepted' } end
for _ = 1, events do append(log, now) end
close_log(log, now)
return { 'accepted', log.name, log.head }
`

/**
 * fence, now, fresh log name, log and head last seen · events: lane, dedup keys, event · kinds to clear · state: kind, key, value ('' removes) ·
 * records: id, record · settled ids · streams: index, state ('' removes) · status ('' unchanged). Each list after its length.
 * Answers log name, head, then for each event its sequence, or "<log name> <sequence>" of the earlier one.
 */
export const commit = (limits: StoreLimits, publish: 'PUBLISH' | 'SPUBLISH') => `
${ARGUMENTS}${AGING}${log(limits, publish)}${records(limits)}
local fence, now, fresh, seen_log, seen_head = take(), number(), take(), take(), take()
local lease = redis.call('GET', base .. ':lease')
if not lease or string.match(lease, '^%d+') ~= fence then return { 'fenced' } end
local events = number()
local log
if events > 0 then
  log = open_log(fresh, seen_log, seen_head)
  if not log then return { 'lost' } end
end

local cursors = {}
for i = 1, events do cursors[i] = append(log, now) end
if log then close_log(log, now) end

for _ = 1, number() do
  local kind = take()
  redis.call('DEL', base .. ':state:' .. kind)
  redis.call('SREM', base .. ':kinds', kind)
end
for _ = 1, number() do
  local kind, key, value = take(), take(), take()
  local hash = base .. ':state:' .. kind
  if value ~= '' then
    redis.call('HSET', hash, key, value)
    redis.call('SADD', base .. ':kinds', kind)
  elseif redis.call('HDEL', hash, key) == 1 and redis.call('EXISTS', hash) == 0 then
    redis.call('SREM', base .. ':kinds', kind)
  end
end

local written = number()
for _ = 1, written do
  local id, record = take(), take()
  write_record(id, find_record(id, now) or '0', record, now)
end
if written > 0 then drop_records(now, written) end

local settled = {}
for i = 1, number() do settled[i] = take() end
settle(settled, now)

for _ = 1, number() do
  local index, state = take(), take()
  if state ~= '' then redis.call('HSET', base .. ':streams', index, state)
  else redis.call('HDEL', base .. ':streams', index) end
end
local status = take()
if status ~= '' then redis.call('HSET', base .. ':session', 'status', status) end
if not log then return { 'done' } end
return { 'done', log.name, log.head, cursors }
`
