--[[
  Adds a session token.

  KEYS    session, tokens
  ARGV    hash of the token, tokens of a session at most
  Answer  0: there is no such session
]]
--- @include "arguments"

if redis.call('EXISTS', SESSION) == 0 then return 0 end
local token = take()
if redis.call('SCARD', TOKENS) >= number() then redis.call('SPOP', TOKENS) end
redis.call('SADD', TOKENS, token)
return 1
