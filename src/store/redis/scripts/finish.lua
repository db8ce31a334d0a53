--[[
  Keeps the answer of a request. Whoever took the key over meanwhile has it now, and a first answer stays the answer.

  KEYS    session, outbox, kept, due
  ARGV    key, fingerprint, answer, age
  Answer  1; 0: it was not kept
]]
--- @include "arguments"
--- @include "records"
--- @include "answers"

local key, fingerprint, answer, age = take(), take(), take(), number()
local now = redis_ms()
if redis.call('EXISTS', SESSION) == 0 then return 0 end
local state, known = find_key(key, now, '')
if state == 'a' or (state == 'r' and known ~= fingerprint) then return 0 end
keep_answer(key, fingerprint, answer, now + age)
close_kept()
drop_due(now)
return 1
