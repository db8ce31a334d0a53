-- SESSION, OUTBOX, KEPT, DUE. Takes what is settled out of the outbox, and counts how fast it drains.
--- @include "records"
--- @include "waiting"

local function settle(ids, now)
  local gone, size = 0, 0
  for _, id in ipairs(ids) do
    -- most of them were written by the same change
    local place = places[id] or string.match(find('r ' .. id, now) or '', '^%d+') or '0'
    local entry = place ~= '0' and redis.call('XRANGE', OUTBOX, place .. '-0', place .. '-0')[1]
    if entry then gone, size = gone + redis.call('XDEL', OUTBOX, place .. '-0'), size + #entry[2][2] end
  end
  if gone == 0 then return end
  local f = redis.call('HMGET', SESSION, 'since', 'settled', 'waiting')
  local since, settled = tonumber(f[1] or 0), gone
  if now - since < DRAIN_WINDOW then settled = settled + tonumber(f[2] or 0) else since = now end
  local bytes, entries = waiting_of(f[3])
  local left = whole(math.max(bytes - size, 0)) .. ' ' .. whole(math.max(entries - gone, 0))
  redis.call('HSET', SESSION, 'since', whole(since), 'settled', whole(settled), 'waiting', left)
end
