--[[
  Makes a session, which ends by itself unless it is confirmed.

  KEYS    session, log, durable, volatile
  ARGV    record, version, status, log name, ms that it lives unless it is confirmed, owner ('': nobody)
  Answer  1; 0: it was there already
]]
--- @include "arguments"
--- @include "lease"

if redis.call('EXISTS', SESSION) == 1 then return 0 end
redis.call('DEL', LOG, DURABLE, VOLATILE)
local record, version, status, name, life, owner = take(), take(), take(), take(), take(), take()
redis.call('HSET', SESSION, 'record', record, 'version', version, 'status', status)
redis.call('HSET', LOG, 'name', name, 'head', 0, 'floor', 0, 'aged', 0)
redis.call('PEXPIRE', SESSION, life)
redis.call('PEXPIRE', LOG, life)
if owner ~= '' then grant(owner) end
return 1
