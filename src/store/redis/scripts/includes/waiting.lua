-- What waits in the outbox: its bytes, and of how many entries they are. Where that is not how many there are, a build that does not
-- count them has written or taken away some: they are taken for as large as the others, until the outbox is empty.

-- bytes that an entry is taken for where nobody has counted
local UNCOUNTED = 1024

local function waiting_of(text)
  local bytes, entries = string.match(text or '', '^(%d+) (%d+)$')
  return tonumber(bytes or 0), tonumber(entries or 0)
end
local function waiting_bytes(text, length)
  local bytes, entries = waiting_of(text)
  if entries == length then return bytes end
  return math.floor((entries > 0 and bytes / entries or UNCOUNTED) * length)
end
