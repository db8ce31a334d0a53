--[[
  Writes a session anew that Redis has lost, and that nobody has now.

  KEYS    session, tokens, log, durable, volatile, outbox, kept, due, kinds; the hash of each kind
  ARGV    record, version, status, log name, fence · tokens · kinds: kind, its keys and values · streams: index, state.
          Each list after its length
  Answer  1; 0: it is there
]]
--- @include "arguments"

if redis.call('EXISTS', SESSION) == 1 then return 0 end
redis.call('UNLINK', TOKENS, LOG, DURABLE, VOLATILE, OUTBOX, KEPT, DUE, KINDS)
local record, version, status, name, fence = take(), take(), take(), take(), take()
redis.call('HSET', SESSION, 'record', record, 'version', version, 'status', status, 'fence', fence)
redis.call('HSET', LOG, 'name', name, 'head', 0, 'floor', 0, 'aged', 0)
for _ = 1, number() do redis.call('SADD', TOKENS, take()) end
for i = 1, number() do
  redis.call('SADD', KINDS, take())
  for _ = 1, number() do redis.call('HSET', KEYS[9 + i], take(), take()) end
end
for _ = 1, number() do redis.call('HSET', SESSION, 'stream ' .. take(), take()) end
redis.pcall(PUBLISH, (string.gsub(LOG, 'log$', 'wake')), name .. ' 0')
return 1
