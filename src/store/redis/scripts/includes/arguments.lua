-- Arguments are taken one after the other. Redis has the time: no instance's clock says what is over.

local taken = 0
local function take()
  taken = taken + 1
  return ARGV[taken]
end
local function number() return tonumber(take()) end
local function whole(n) return string.format('%.0f', n) end
local function redis_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
