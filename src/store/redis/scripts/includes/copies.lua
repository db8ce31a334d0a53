-- KEPT, DUE. What is remembered of stanzas that were told, so that their copies are not. The memory store has the same.
--- @include "kept"

local lists = {}
-- what is remembered of stanzas under one key: c, the cursor, t, its time, w, the ways by which it came
local function told(key, now)
  if lists[key] then return lists[key] end
  local text, living = find('d ' .. key, now)
  local list = {}
  local good, all = false, nil
  if living then good, all = pcall(cjson.decode, text) end
  for _, one in ipairs(good and type(all) == 'table' and all or {}) do
    if type(one) == 'table' and type(one.c) == 'string' and type(one.t) == 'number' and type(one.w) == 'table' then list[#list + 1] = one end
  end
  lists[key] = list
  return list
end
local function came(one, part)
  for _, way in ipairs(one.w) do
    if string.find(way, part, 1, true) then return true end
  end
  return false
end
local function fitting(list, copy, match)
  for _, one in ipairs(list) do
    if came(one, copy.way .. copy.at) then return one end
  end
  if not match then return nil end
  for _, one in ipairs(list) do
    local wanted = not match.by or came(one, match.by)
    local early, late = match.since and one.t < match.since, match['until'] and one.t > match['until']
    if wanted and not early and not late and not came(one, match.unless) then return one end
  end
end
local function original(copy, now)
  for _, key in ipairs(copy.keys) do
    local found = fitting(told(key.key, now), copy, key.match)
    if found then return found.c end
  end
end
local function remember(copy, cursor, now)
  local way = copy.way .. copy.at
  for _, key in ipairs(copy.keys) do
    local list, known, place = told(key.key, now), nil, nil
    for i, one in ipairs(list) do
      if one.c == cursor then known, place = one, i end
    end
    local add = key.keep
    if known then add = not came(known, way) end
    if add then
      if not known then list[#list + 1] = { c = cursor, t = copy.time, w = { way } }
      elseif #known.w >= WAYS_OF_COPY then table.remove(list, place)
      else known.w[#known.w + 1] = way end
      if #list > COPIES_OF_KEY then table.remove(list, 1) end
      keep('d ' .. key.key, now + DEDUP_AGE, cjson.encode(list))
    end
  end
end
