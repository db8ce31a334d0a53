--[[
  Takes what callers send in one turn, each acceptance all or nothing: entries of the outbox, events, and the answer to the request.

  KEYS    session, log, durable, volatile, outbox, kept, due
  ARGV    fresh log name, log and head last seen · acceptances: instance that is dead, key, fingerprint, answer (key '': none),
          entries: id, n where nobody can have it yet, entry, record, events: lane (v: volatile), how it came ('': no stanza), event.
          Each list after its length
  Answer  absent: there is no such session
          lost: Redis has lost a part of the log; it wants a fresh name
          done, of each acceptance what became of it, and of the log: name, head, how many events had to go:
            reused, running, replayed: what is known of the key (begin.lua)
            id-in-use and the id
            full, by how many entries and bytes, the mean of an entry, since when how many were settled, now
            accepted, the places before the entries and of the last
]]
--- @include "arguments"
--- @include "records"
--- @include "answers"
--- @include "waiting"
--- @include "appending"

local now, fresh, seen_log, seen_head = redis_ms(), take(), take(), take()
local session = redis.call('HMGET', SESSION, 'version', 'places', 'waiting', 'looked', 'since', 'settled')
if not session[1] then return { 'absent' } end

local all, keys, has_events = {}, {}, false
for i = 1, number() do
  local one = { dead = take(), key = take(), fingerprint = take(), answer = take(), entries = {}, size = 0 }
  if one.key ~= '' then keys[#keys + 1] = 'a ' .. one.key end
  for k = 1, number() do
    local entry = { id = take(), new = take() == 'n', text = take(), record = take() }
    if not entry.new then keys[#keys + 1] = 'r ' .. entry.id end
    one.entries[k], one.size = entry, one.size + #entry.text
  end
  one.events = take_events()
  if #one.events > 0 then has_events = true end
  all[i] = one
end
local log
if has_events then
  log = open_log(fresh, seen_log, seen_head)
  if not log then return { 'lost' } end
end
fetch(keys)

-- time leads the places like the fences: an owner reads on after the last one that it saw, also where Redis lost some
local place, leads = tonumber(session[2]) or 0, now * FENCES_PER_MS
local looks = is_look_due(session[4], now)
local bytes, length = waiting_of(session[3], looks)

local function is_taken(entry, ids)
  if ids[entry.id] then return true end
  return (not entry.new or texts['r ' .. entry.id]) and find_record(entry.id, now)
end
local function accept(one)
  local count = #one.entries
  local known = one.key ~= '' and look(one.key, one.fingerprint, now, one.dead)
  if known then return known end
  local ids = {}
  for _, entry in ipairs(one.entries) do
    if is_taken(entry, ids) then return { 'id-in-use', entry.id } end
    ids[entry.id] = true
  end
  local excess, over = length + count - OUTBOX_MAX, bytes + one.size - OUTBOX_BYTES
  if count > 0 and (excess > 0 or (over > 0 and length > 0)) then
    return { 'full', excess, over, math.ceil(bytes / math.max(length, 1)), session[5] or '0', session[6] or '0', now }
  end
  local before = place
  if count > 0 then place = math.max(place, leads) end
  for _, entry in ipairs(one.entries) do
    place = place + 1
    redis.call('XADD', OUTBOX, whole(place) .. '-0', 'e', entry.text)
    write_record(entry.id, whole(place), entry.record, now)
  end
  bytes, length = bytes + one.size, length + count
  if one.key ~= '' then keep_answer(one.key, one.fingerprint, one.answer, now + IDEMPOTENCY_AGE) end
  for _, event in ipairs(one.events) do append(log, event, now) end
  return { 'accepted', whole(before), whole(place) }
end

local answers, before = {}, place
for i, one in ipairs(all) do answers[i] = accept(one) end
local fields = {}
if place > before then fields = { 'places', whole(place), 'waiting', told_waiting(bytes, length) } end
close_kept()
if looks and kept > 0 then
  drop_due(now)
  fields[#fields + 1] = 'looked'
  fields[#fields + 1] = whole(now)
end
if #fields > 0 then redis.call('HSET', SESSION, unpack(fields)) end
-- all of them may have been refused
if not log or not (durable.grown or volatile.grown or fresh ~= '') then return { 'done', answers } end
close_log(log, now)
return { 'done', answers, log.name, log.head, dropped() }
