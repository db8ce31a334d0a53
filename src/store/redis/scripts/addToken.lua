--[[
  Adds a session token.

  KEYS    session, tokens
  ARGV    hash of the token
  Answer  0: there is no such session
]]
--- @include "arguments"

if redis.call('EXISTS', SESSION) == 0 then return 0 end
redis.call('SADD', TOKENS, take())
return 1
