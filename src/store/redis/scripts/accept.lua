--[[
  Takes what a caller sends: entries of the outbox, events, and the answer to its request, all or nothing.

  KEYS    session, log, durable, volatile, outbox, kept, due
  ARGV    instance that is dead, fresh log name, log and head last seen · key, fingerprint, answer (key '': none) ·
          entries: id, entry, record · events: lane (v: volatile), how it came ('': no stanza), event. Each list after its length
  Answer  absent: there is no such session
          reused, running, replayed: what is known of the key (begin.lua)
          id-in-use and the id
          full, by how many entries and bytes, the mean of an entry, since when how many were settled, now
          lost: Redis has lost a part of the log; it wants a fresh name
          accepted, the places before the entries and of the last, and of the log: name, head, how many events had to go
]]
--- @include "arguments"
--- @include "records"
--- @include "answers"
--- @include "waiting"
--- @include "appending"

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
  local excess, bytes = length + #entries - OUTBOX_MAX, waiting + size - OUTBOX_BYTES
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
  place = math.max(before, now * FENCES_PER_MS)
  local left = whole(waiting + size) .. ' ' .. whole(length + #entries)
  redis.call('HSET', SESSION, 'places', whole(place + #entries), 'waiting', left)
end
for _, entry in ipairs(entries) do
  place = place + 1
  redis.call('XADD', OUTBOX, whole(place) .. '-0', 'e', entry.entry)
  write_record(entry.id, whole(place), entry.record, now)
end
if key ~= '' then keep_answer(key, fingerprint, answer, now + IDEMPOTENCY_AGE) end
for _ = 1, events do append(log, now) end
drop_due(now)
if not log then return { 'accepted', whole(before), whole(place) } end
close_log(log, now)
return { 'accepted', whole(before), whole(place), log.name, log.head, dropped() }
