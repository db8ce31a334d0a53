--[[
  Removes a session. Its log lives on for a while, for those who read it.

  KEYS    session, tokens, log, durable, volatile, outbox, kept, due, kinds; the hash of each kind
  ARGV    ms that the log lives on, kinds
  Answer  1; 0: there is another kind by now
]]
--- @include "arguments"

local life, known = take(), {}
for i = 2, #ARGV do known[ARGV[i]] = true end
for _, kind in ipairs(redis.call('SMEMBERS', KINDS)) do
  if not known[kind] then return 0 end
end
for i = 10, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('UNLINK', SESSION, TOKENS, OUTBOX, KEPT, DUE, KINDS)
for _, key in ipairs({ LOG, DURABLE, VOLATILE }) do redis.call('PEXPIRE', key, life) end
redis.pcall(PUBLISH, (string.gsub(LOG, 'log$', 'wake')), '')
return 1
