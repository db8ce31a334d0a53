--[[
  Takes some of what a window has, which begins with the first that is taken; what is not given is not counted.

  KEYS    window
  ARGV    how much, quota, ms of the window
  Answer  1 where it is given, what is taken then, ms until the window ends
]]
--- @include "arguments"

local by, quota, length = number(), number(), take()
local taken = tonumber(redis.call('GET', WINDOW) or '0')
local left = redis.call('PTTL', WINDOW)
if left < 0 then
  redis.call('SET', WINDOW, '0', 'PX', length)
  taken, left = 0, tonumber(length)
end
if taken + by > quota then return { 0, taken, left } end
return { 1, redis.call('INCRBY', WINDOW, by), left }
