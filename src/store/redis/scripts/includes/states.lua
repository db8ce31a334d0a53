-- KINDS. What a session knows: the hash of each kind, by its name.

local hashes = {}
local kinds, changed = {}, {}

local function clear(kind)
  redis.call('DEL', hashes[kind])
  redis.call('SREM', KINDS, kind)
end
-- the last value of a key counts
local function change(kind, key, value)
  local values = changed[kind]
  if not values then
    values = {}
    changed[kind] = values
    kinds[#kinds + 1] = kind
  end
  values[key] = value
end
local function close_states()
  for _, kind in ipairs(kinds) do
    local set, removed = {}, {}
    for key, value in pairs(changed[kind]) do
      if value == '' then removed[#removed + 1] = key
      else
        set[#set + 1] = key
        set[#set + 1] = value
      end
    end
    each_part(set, FIELDS, function(list, from, to) redis.call('HSET', hashes[kind], unpack(list, from, to)) end)
    if #set > 0 then redis.call('SADD', KINDS, kind) end
    local gone = 0
    each_part(removed, FIELDS, function(list, from, to) gone = gone + redis.call('HDEL', hashes[kind], unpack(list, from, to)) end)
    if gone > 0 and #set == 0 and redis.call('EXISTS', hashes[kind]) == 0 then redis.call('SREM', KINDS, kind) end
  end
end
