--[[
  Reads the outcome of an iq.

  KEYS    kept, due
  ARGV    id
  Answer  the iq, or nil
]]
--- @include "arguments"
--- @include "kept"

local iq, living = find('q ' .. take(), redis_ms())
if living then return iq end
return nil
