-- OUTBOX. What waits in it: its bytes, and of how many entries they are. Where that is not how many there are, a build that does not
-- count them has written or taken away some: they are taken for as large as the others, until the outbox is empty. That is looked at
-- now and then.

-- bytes that an entry is taken for where nobody has counted
local UNCOUNTED = 1024

-- `looks`: is it looked at now? Answers bytes and entries.
local function waiting_of(text, looks)
  local bytes, entries = string.match(text or '', '^(%d+) (%d+)$')
  bytes, entries = tonumber(bytes or 0), tonumber(entries or 0)
  if text and not looks then return bytes, entries end
  local length = redis.call('XLEN', OUTBOX)
  if entries == length then return bytes, entries end
  return math.floor((entries > 0 and bytes / entries or UNCOUNTED) * length), length
end
local function told_waiting(bytes, entries) return whole(bytes) .. ' ' .. whole(entries) end
local function fewer(text, gone, size)
  local bytes, entries = waiting_of(text, false)
  return told_waiting(math.max(bytes - size, 0), math.max(entries - gone, 0))
end
