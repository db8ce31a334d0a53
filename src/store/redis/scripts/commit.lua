--[[
  Writes what an owner has done, all or nothing.

  KEYS    session, log, durable, volatile, outbox, kept, due, kinds; the hash of each kind
  ARGV    fence, fresh log name, log and head last seen · kinds · events: lane (v: volatile), how it came ('': no stanza), event ·
          kinds to clear · state: kind, key, value ('' removes) · records: id, place ('': not known), record · iqs: id, iq ·
          settled ids · streams: index, state ('' removes) · status ('' unchanged). Each list after its length
  Answer  fenced: the lease is another's
          lost: Redis has lost a part of the log; it wants a fresh name
          done, and of the log: name, head, for each event its sequence, or "<log name> <sequence>" of the earlier one, how many had to go
]]
--- @include "arguments"
--- @include "records"
--- @include "settle"
--- @include "appending"
--- @include "states"

local now, fence, fresh, seen_log, seen_head = redis_ms(), take(), take(), take(), take()
local session = redis.call('HMGET', SESSION, 'lease', 'looked', 'waiting', 'since', 'settled')
if string.match(session[1] or '', '^%d+') ~= fence then return { 'fenced' } end
for i = 1, number() do hashes[take()] = KEYS[8 + i] end
local events = take_events()
local log
if #events > 0 then
  log = open_log(fresh, seen_log, seen_head)
  if not log then return { 'lost' } end
end

local cursors = {}
for i, one in ipairs(events) do cursors[i] = append(log, one, now) end
if log then close_log(log, now) end

for _ = 1, number() do clear(take()) end
for _ = 1, number() do change(take(), take(), take()) end
close_states()

local records, unknown = {}, {}
for i = 1, number() do
  records[i] = { id = take(), place = take(), record = take() }
  if records[i].place == '' then unknown[#unknown + 1] = 'r ' .. records[i].id end
end
fetch(unknown)
for _, one in ipairs(records) do
  write_record(one.id, one.place ~= '' and one.place or find_record(one.id, now) or '0', one.record, now)
end
for _ = 1, number() do keep('q ' .. take(), now + IQ_AGE, take()) end
local settled = {}
for i = 1, number() do settled[i] = take() end
local gone, size = settle(settled, now)
close_kept()

local fields, removed = {}, {}
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
local looks = is_look_due(session[2], now)
if looks and kept > 0 then
  drop_due(now)
  set('looked', whole(now))
end
if gone > 0 then
  -- how fast it drains
  local since = tonumber(session[4] or 0)
  if now - since < DRAIN_WINDOW then set('settled', whole(gone + tonumber(session[5] or 0)))
  else
    set('since', whole(now))
    set('settled', whole(gone))
  end
end
if #settled > 0 then
  local left = session[3] and fewer(session[3], gone, size)
  if looks or gone < #settled then left = told_waiting(waiting_of(left, true)) end
  if left and left ~= session[3] then set('waiting', left) end
end
for _ = 1, number() do
  local index, state = take(), take()
  if state ~= '' then set('stream ' .. index, state) else removed[#removed + 1] = 'stream ' .. index end
end
local status = take()
if status ~= '' then set('status', status) end
if #fields > 0 then redis.call('HSET', SESSION, unpack(fields)) end
if #removed > 0 then redis.call('HDEL', SESSION, unpack(removed)) end
if not log then return { 'done' } end
return { 'done', log.name, log.head, cursors, dropped() }
