--[[
  Replaces the answer of that very request; its time goes on.

  KEYS    kept, due
  ARGV    key, fingerprint, answer
  Answer  1; 0: there is no such answer
]]
--- @include "arguments"
--- @include "answers"

local key, fingerprint, answer = take(), take(), take()
local state, known = find_key(key, redis_ms(), '')
if state ~= 'a' or known ~= fingerprint then return 0 end
local till = string.match(redis.call('HGET', KEPT, 'a ' .. key), '^%d+')
keep_answer(key, fingerprint, answer, tonumber(till))
close_kept()
return 1
