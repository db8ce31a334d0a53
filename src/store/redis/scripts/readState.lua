--[[
  Reads what a session knows, on from a place, until it has so many bytes.

  KEYS    session; the hash of each kind
  ARGV    bytes, which of the kinds (from 0), place in it ('0': its start)
  Answer  which is next, the place in it, and a list for each that was read: which, keys and values in turn, and how many
          it has in all where it was read to its end, else -1. There may be the same twice
]]
--- @include "arguments"

-- entries of a hash that are read in one step: each may have some hundred KiB
local STEP = 4

local most, kind, place = number(), number(), take()
local answer, size = { 0, 0 }, 0
while KEYS[kind + 2] and size < most do
  local values, entries = {}, -1
  repeat
    local page = redis.call('HSCAN', KEYS[kind + 2], place, 'COUNT', STEP)
    place = page[1]
    for _, text in ipairs(page[2]) do
      size = size + #text
      values[#values + 1] = text
    end
  until place == '0' or size >= most
  if place == '0' then entries = redis.call('HLEN', KEYS[kind + 2]) end
  answer[#answer + 1] = { kind, values, entries }
  if place == '0' then kind = kind + 1 end
end
answer[1], answer[2] = kind, place
return answer
