-- OUTBOX, KEPT, DUE. Takes what is settled out of the outbox.
--- @include "records"
--- @include "waiting"

-- bytes of the entries at these places, by their ids in the stream: as a rule nothing else is between them
local function sizes_of(wanted, count)
  local first, last = nil, nil
  for place in pairs(wanted) do
    local n = tonumber(place)
    first, last = math.min(first or n, n), math.max(last or n, n)
  end
  local sizes, most = {}, 2 * count + 8
  local some = redis.call('XRANGE', OUTBOX, whole(first) .. '-0', whole(last) .. '-0', 'COUNT', most)
  local function note(entry)
    local place = string.match(entry[1], '^(%d+)-0$')
    if place and wanted[place] then sizes[place] = #(entry[2][2] or '') end
  end
  for _, entry in ipairs(some) do note(entry) end
  local seen = #some == most and tonumber(string.match(some[most][1], '^%d+')) or last
  for place in pairs(wanted) do
    if tonumber(place) > seen then
      for _, entry in ipairs(redis.call('XRANGE', OUTBOX, place .. '-0', place .. '-0')) do note(entry) end
    end
  end
  return sizes
end
-- Answers how many were there, and their bytes.
local function settle(ids, now)
  local keys = {}
  for _, id in ipairs(ids) do
    -- most of them were written by the same change
    if not places[id] then keys[#keys + 1] = 'r ' .. id end
  end
  fetch(keys)
  local wanted, unlike, gone, size = {}, 0, {}, 0
  for _, id in ipairs(ids) do
    local place = places[id] or string.match(find('r ' .. id, now) or '', '^%d+') or '0'
    if place ~= '0' and not wanted[place] then wanted[place], unlike = true, unlike + 1 end
  end
  if unlike == 0 then return 0, 0 end
  for place, bytes in pairs(sizes_of(wanted, unlike)) do gone[#gone + 1], size = place .. '-0', size + bytes end
  local count = 0
  each_part(gone, FIELDS, function(list, from, to) count = count + redis.call('XDEL', OUTBOX, unpack(list, from, to)) end)
  return count, size
end
