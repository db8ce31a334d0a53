-- KEPT, DUE. Entries that end. What is read is read once, and what is kept goes in one command at the end (`close_kept`): a script is
-- given the messages of a whole turn. An entry is dropped when it is due by then; one that was kept longer meanwhile is put off.

-- fields of one command, at most: they lie on the stack of Lua
local FIELDS = 1000

local texts, tills, order = {}, {}, {}
local kept = 0
local function each_part(list, size, run)
  for from = 1, #list, size do run(list, from, math.min(from + size - 1, #list)) end
end
local function fetch(keys)
  local missing, asked = {}, {}
  for _, key in ipairs(keys) do
    if texts[key] == nil and not asked[key] then missing[#missing + 1] = key end
    asked[key] = true
  end
  each_part(missing, FIELDS, function(list, from, to)
    for i, text in ipairs(redis.call('HMGET', KEPT, unpack(list, from, to))) do texts[list[from + i - 1]] = text end
  end)
end
local function parted(text) return string.match(text or '', '^(%d+) (.*)$') end
local function find(key, now)
  if texts[key] == nil then texts[key] = redis.call('HGET', KEPT, key) end
  local till, rest = parted(texts[key])
  if not till then return nil end
  return rest, tonumber(till) > now
end
local function keep(key, till, value)
  kept = kept + 1
  if not tills[key] then order[#order + 1] = key end
  texts[key], tills[key] = whole(till) .. ' ' .. value, whole(till)
end
local function close_kept()
  each_part(order, FIELDS / 2, function(list, from, to)
    local fields, due = {}, {}
    for i = from, to do
      local key = list[i]
      fields[#fields + 1], due[#due + 1] = key, tills[key]
      fields[#fields + 1], due[#due + 1] = texts[key], key
    end
    if redis.call('HSET', KEPT, unpack(fields)) > 0 then redis.call('ZADD', DUE, unpack(due)) end
  end)
  order, tills = {}, {}
end
-- only of what was not kept by this script
local function drop_all(keys)
  each_part(keys, FIELDS, function(list, from, to)
    redis.call('HDEL', KEPT, unpack(list, from, to))
    redis.call('ZREM', DUE, unpack(list, from, to))
  end)
end
