--[[
  Writes what an owner has done, all or nothing.

  KEYS    session, log, durable, volatile, outbox, kept, due, kinds; the hash of each kind
  ARGV    fence, fresh log name, log and head last seen · kinds · events: lane (v: volatile), how it came ('': no stanza), event ·
          kinds to clear · state: kind, key, value ('' removes) · records: id, record · iqs: id, iq · settled ids ·
          streams: index, state ('' removes) · status ('' unchanged). Each list after its length
  Answer  fenced: the lease is another's
          lost: Redis has lost a part of the log; it wants a fresh name
          done, and of the log: name, head, for each event its sequence, or "<log name> <sequence>" of the earlier one, how many had to go
]]
--- @include "arguments"
--- @include "lease"
--- @include "records"
--- @include "waiting"
--- @include "settle"
--- @include "appending"

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
for _ = 1, number() do keep('q ' .. take(), now + IQ_AGE, take()) end
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
