--[[
  Reads events on from a place, oldest first; from the oldest where the place is not in the log.

  KEYS    log, durable, volatile
  ARGV    log name and sequence to read after (name '': from the oldest), how many
  Answer  name, head, floor, then of the durable and the volatile lane: the entries, and 1 where there may be more of them.
          Nil: no log
]]
--- @include "arguments"
--- @include "trimming"

local function read_lane(lane, from, limit)
  local entries, bytes, step = {}, 0, FEW
  while #entries < limit do
    local asked = math.min(step, limit - #entries)
    local some = redis.call('XRANGE', lane.key, whole(from), '+', 'COUNT', asked)
    for _, entry in ipairs(some) do
      entries[#entries + 1] = entry
      bytes = bytes + told_size(entry)
      if bytes >= READ_BYTES then return entries, 1 end
    end
    if #some < asked then return entries, 0 end
    from = sequence(some[#some][1]) + 1
    step = bytes < #entries * LARGE and MANY or FEW
  end
  return entries, 1
end

local name, after, limit, now = take(), number(), number(), redis_ms()
local log = trimmed_log(now)
if not log then return nil end
if name ~= log.name or after < log.floor or after > log.head then after = log.floor end
if after == log.head then return { log.name, log.head, log.floor, {}, 0, {}, 0 } end
local ours, ours_cut = read_lane(durable, after + 1, limit)
local others, others_cut = read_lane(volatile, after + 1, limit)
return { log.name, log.head, log.floor, ours, ours_cut, others, others_cut }
