-- KEPT, DUE. Idempotency-Keys: an answer, or the mark of a request that is still running.
--- @include "kept"

local function find_key(key, now, dead)
  local value, living = find('a ' .. key, now)
  local state, fingerprint, rest = string.match(value or '', '^(%a) (%S*) (.*)$')
  if state == 'r' then
    local till, instance = string.match(rest, '^(%d+) (.*)$')
    if not till or instance == dead or tonumber(till) <= now then return nil end
    return state, fingerprint, instance
  end
  if state and living then return state, fingerprint, rest end
  return nil
end
local function look(key, fingerprint, now, dead)
  local state, known, rest = find_key(key, now, dead)
  if not state then return nil end
  if known ~= fingerprint then return { 'reused' } end
  if state == 'r' then return { 'running', rest } end
  return { 'replayed', rest }
end
local function keep_answer(key, fingerprint, answer, till)
  keep('a ' .. key, till, 'a ' .. fingerprint .. ' ' .. answer)
end
