--[[
  Marks an Idempotency-Key for a request that runs.

  KEYS    session, kept, due
  ARGV    key, fingerprint, instance that is dead, instance, ms that the mark lives, ms that it is kept at most
  Answer  absent: there is no such session; new; or what is known: reused (for another request), running and the instance, replayed and the answer
]]
--- @include "arguments"
--- @include "answers"

local key, fingerprint, dead, instance, life, age = take(), take(), take(), take(), number(), number()
local now = redis_ms()
if redis.call('EXISTS', SESSION) == 0 then return { 'absent' } end
local known = look(key, fingerprint, now, dead)
if known then return known end
keep('a ' .. key, now + age, 'r ' .. fingerprint .. ' ' .. whole(now + life) .. ' ' .. instance)
close_kept()
return { 'new' }
