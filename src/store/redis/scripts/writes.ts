/** The two scripts that everything goes through: what is accepted from callers, and what an owner writes. */
import { IQ_AGE } from '../../../gateway/ports/change.ts'
import { FENCES_PER_MS } from '../../fence.ts'
import { appending } from './log.ts'
import { ANSWERS, KEPT, LEASE, records, type ScriptOptions, SETTLE, type SessionScript, sessionScript, WAITING } from './prelude.ts'

/**
 * instance that is dead, fresh log name, log and head last seen · key, fingerprint, answer (key '': none) ·
 * entries: id, entry, record · events: lane, how it came ('': no stanza), event. Each list after its length.
 * Answers full, by how many entries and bytes, the mean of an entry, since when how many were settled, now; or accepted, the places before the entries and of the last, log name and head, how many events had to go (log.ts).
 */
export const accept = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'log', 'durable', 'volatile', 'outbox', 'kept', 'due'],
    KEPT,
    records(options),
    ANSWERS,
    WAITING,
    appending(options),
    `
local now, dead, fresh, seen_log, seen_head = redis_ms(), take(), take(), take(), take()
local known = redis.call('HMGET', SESSION, 'version', 'places', 'waiting')
if not known[1] then return { 'absent' } end
local key, fingerprint, answer = take(), take(), take()
if key ~= '' then
  local first = look(key, fingerprint, now, dead)
  if first then return first end
end

local entries, ids, size = {}, {}, 0
for i = 1, number() do
  local entry = { id = take(), entry = take(), record = take() }
  if ids[entry.id] or find_record(entry.id, now) then return { 'id-in-use', entry.id } end
  ids[entry.id] = true
  size = size + #entry.entry
  entries[i] = entry
end
local length, waiting = 0, 0
if #entries > 0 then
  length = redis.call('XLEN', OUTBOX)
  waiting = waiting_bytes(known[3], length)
  local excess, bytes = length + #entries - ${options.limits.outboxMax}, waiting + size - ${options.limits.outboxBytes}
  if excess > 0 or (bytes > 0 and length > 0) then
    local drain = redis.call('HMGET', SESSION, 'since', 'settled')
    return { 'full', excess, bytes, math.ceil(waiting / math.max(length, 1)), drain[1] or '0', drain[2] or '0', now }
  end
end
local events = number()
local log
if events > 0 then
  log = open_log(fresh, seen_log, seen_head)
  if not log then return { 'lost' } end
end

-- time leads the places like the fences: an owner reads on after the last one that it saw, also where Redis lost some
local before = tonumber(known[2]) or 0
local place = before
if #entries > 0 then
  place = math.max(before, now * ${FENCES_PER_MS})
  local left = whole(waiting + size) .. ' ' .. whole(length + #entries)
  redis.call('HSET', SESSION, 'places', whole(place + #entries), 'waiting', left)
end
for _, entry in ipairs(entries) do
  place = place + 1
  redis.call('XADD', OUTBOX, whole(place) .. '-0', 'e', entry.entry)
  write_record(entry.id, whole(place), entry.record, now)
end
if key ~= '' then keep_answer(key, fingerprint, answer, now + ${options.limits.idempotencyAge}) end
for _ = 1, events do append(log, now) end
drop_due(now)
if not log then return { 'accepted', whole(before), whole(place) } end
close_log(log, now)
return { 'accepted', whole(before), whole(place), log.name, log.head, dropped() }
`,
  )

/**
 * KEYS after those named: the hash of each kind. fence, fresh log name, log and head last seen · kinds ·
 * events: lane, how it came ('': no stanza), event · kinds to clear · state: kind, key, value ('' removes) · records: id, record · iqs: id, iq · settled ids ·
 * streams: index, state ('' removes) · status ('' unchanged). Each list after its length.
 * Answers log name, head, for each event its sequence, or "<log name> <sequence>" of the earlier one, then how many events had to go (log.ts).
 */
export const commit = (options: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'log', 'durable', 'volatile', 'outbox', 'kept', 'due', 'kinds'],
    LEASE,
    KEPT,
    records(options),
    WAITING,
    SETTLE,
    appending(options),
    `
local now, fence, fresh, seen_log, seen_head = redis_ms(), take(), take(), take(), take()
if lease() ~= fence then return { 'fenced' } end
local hashes = {}
for i = 1, number() do hashes[take()] = KEYS[8 + i] end
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
  redis.call('DEL', hashes[kind])
  redis.call('SREM', KINDS, kind)
end
for _ = 1, number() do
  local kind, key, value = take(), take(), take()
  if value ~= '' then
    redis.call('HSET', hashes[kind], key, value)
    redis.call('SADD', KINDS, kind)
  elseif redis.call('HDEL', hashes[kind], key) == 1 and redis.call('EXISTS', hashes[kind]) == 0 then
    redis.call('SREM', KINDS, kind)
  end
end

for _ = 1, number() do
  local id, record = take(), take()
  write_record(id, find_record(id, now) or '0', record, now)
end
for _ = 1, number() do keep('q ' .. take(), now + ${IQ_AGE}, take()) end
local settled = {}
for i = 1, number() do settled[i] = take() end
settle(settled, now)
drop_due(now)

for _ = 1, number() do
  local index, state = take(), take()
  if state ~= '' then redis.call('HSET', SESSION, 'stream ' .. index, state)
  else redis.call('HDEL', SESSION, 'stream ' .. index) end
end
local status = take()
if status ~= '' then redis.call('HSET', SESSION, 'status', status) end
if not log then return { 'done' } end
return { 'done', log.name, log.head, cursors, dropped() }
`,
  )
