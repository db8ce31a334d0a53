/** The instances that are there. KEYS: the hash of one place, owner: "<until> <load>". */
import { ARGUMENTS } from './prelude.ts'

/**
 * owner ('': only a look), ms, load, '1' where it is new. Answers owner, load and ms left of each, without one that is late.
 * Redis has the time: no instance's clock says who is there. A Redis that is full takes it still, or all sessions would be given up.
 */
export const members = `#!lua flags=allow-oom
${ARGUMENTS}
local owner, ttl, load, anew = take(), number(), take(), take()
local now, there, answer = redis_ms(), false, {}
local function tell(name, till, load)
  answer[#answer + 1] = name
  answer[#answer + 1] = load
  answer[#answer + 1] = till - now
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local till, said = string.match(all[i + 1], '^(%d+) (.*)$')
  till = tonumber(till or 0)
  if till <= now then redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] == owner then there = true
  else tell(all[i], till, said) end
end
if owner ~= '' and (there or anew == '1') then
  redis.call('HSET', KEYS[1], owner, whole(now + ttl) .. ' ' .. load)
  tell(owner, now + ttl, load)
end
return answer
`
