--[[
  Writes the record of a session, where nobody else has since.

  KEYS    session
  ARGV    version expected, new version, record
  Answer  1; 0: it has another version
]]
--- @include "arguments"

local expected, version, record = take(), take(), take()
if redis.call('HGET', SESSION, 'version') ~= expected then return 0 end
redis.call('HSET', SESSION, 'version', version, 'record', record)
return 1
