/** Lua that the scripts share. Keys have the names of keys.ts in capitals; arguments are taken one after the other. */
import { IQ_AGE } from '../../../gateway/ports/change.ts'
import type { StoreLimits } from '../../../gateway/ports/store.ts'
import { DRAIN_WINDOW } from '../../drain.ts'
import { FENCES_PER_MS } from '../../fence.ts'
import type { SessionNoun } from '../keys.ts'

/** A script on keys of one session; further keys may follow those it names. */
export interface SessionScript {
  keys: readonly SessionNoun[]
  lua: string
}

/** What a script needs of the store's configuration. */
export interface ScriptOptions {
  limits: StoreLimits
  /** on a Cluster channels are sharded like keys */
  publish: 'PUBLISH' | 'SPUBLISH'
}

/** due entries dropped by one write, beside as many as it adds */
const DROPPED_PER_WRITE = 8

export function sessionScript(keys: readonly SessionNoun[], ...parts: string[]): SessionScript {
  const locals = keys.map((noun, index) => `local ${noun.toUpperCase()} = KEYS[${index + 1}]\n`)
  return { keys, lua: [...locals, ARGUMENTS, ...parts].join('') }
}

export const ARGUMENTS = `
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
`

/** SESSION. Fence and owner of the lease, and a new one: time leads the fence, so that it grows even where Redis lost its data. */
export const LEASE = `
local function lease()
  return string.match(redis.call('HGET', SESSION, 'lease') or '', '^(%d+) (.*)$')
end
local function grant(owner)
  local last = tonumber(redis.call('HGET', SESSION, 'fence') or 0)
  local fence = whole(math.max(last + 1, redis_ms() * ${FENCES_PER_MS}))
  redis.call('HSET', SESSION, 'fence', fence, 'lease', fence .. ' ' .. owner)
  return fence
end
`

/** KEPT, DUE. Entries that end. */
export const KEPT = `
local function drop(key)
  redis.call('HDEL', KEPT, key)
  redis.call('ZREM', DUE, key)
end
local kept = 0
local function keep(key, till, value)
  kept = kept + 1
  redis.call('HSET', KEPT, key, whole(till) .. ' ' .. value)
  redis.call('ZADD', DUE, whole(till), key)
end
local function find(key, now)
  local till, rest = string.match(redis.call('HGET', KEPT, key) or '', '^(%d+) (.*)$')
  if not till then return nil end
  return rest, tonumber(till) > now
end
`

/** One write in so many looks whether there is too much, and drops so many entries then. */
const MEASURED = 16
const FORGOTTEN = 512
/** a hash of fewer entries is not measured; a larger one by so many of them */
const FEW = 256
const SAMPLES = 64

/** OUTBOX and KEPT. Records live an age from their last write, and as long as their entry is in the outbox. */
export const records = ({ limits: { recordAge, dedupAge, idempotencyAge, keptMax, keptBytes } }: ScriptOptions) => `
local function in_outbox(place)
  return place ~= '0' and #redis.call('XRANGE', OUTBOX, place .. '-0', place .. '-0') > 0
end
local function find_record(id, now)
  local value, living = find('r ' .. id, now)
  local place, record = string.match(value or '', '^(%d+) (.*)$')
  if place and (living or in_outbox(place)) then return place, record end
  return nil
end
local places = {}
local function write_record(id, place, record, now)
  places[id] = place
  keep('r ' .. id, now + ${recordAge}, place .. ' ' .. record)
end
local function drop_some(now, most)
  local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, most)
  for _, key in ipairs(due) do
    if string.sub(key, 1, 2) == 'r ' and find_record(string.sub(key, 3), now) then
      redis.call('ZADD', DUE, whole(now + ${recordAge}), key)
    else drop(key) end
  end
  return #due
end
-- The oldest of what there is most of: records, what copies and Idempotency-Keys are known by, or iqs; by when they end, which tells
-- them apart well enough.
local forgotten = 0
local function forget(now, most)
  local hour, day = '(' .. whole(now + ${IQ_AGE}), '(' .. whole(now + ${Math.max(dedupAge, idempotencyAge)})
  local from, to, many = '-inf', '+inf', 0
  for _, ends in ipairs({ { '-inf', hour }, { hour, day }, { day, '+inf' } }) do
    local count = redis.call('ZCOUNT', DUE, ends[1], ends[2])
    if count > many then from, to, many = ends[1], ends[2], count end
  end
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', DUE, from, to, 'LIMIT', 0, most)) do
    local place = string.sub(key, 1, 2) == 'r ' and string.match(redis.call('HGET', KEPT, key) or '', '^%d+ (%d+)')
    if place and in_outbox(place) then redis.call('ZADD', DUE, whole(now + ${recordAge}), key)
    else
      drop(key)
      forgotten = forgotten + 1
    end
  end
end
local function drop_due(now)
  if kept == 0 then return end
  drop_some(now, ${DROPPED_PER_WRITE} + kept)
  if now % ${MEASURED} > 0 then return end
  local entries = redis.call('HLEN', KEPT)
  if entries > ${keptMax} then forget(now, math.min(entries - ${keptMax}, ${FORGOTTEN}))
  elseif entries > ${FEW} and redis.call('MEMORY', 'USAGE', KEPT, 'SAMPLES', ${SAMPLES}) > ${keptBytes} then forget(now, ${FORGOTTEN}) end
end
`

/** bytes that an entry of the outbox is taken for where nobody has counted */
const UNCOUNTED = 1024

/**
 * What waits in the outbox: its bytes, and of how many entries they are. Where that is not how many there are, a build that does not
 * count them has written or taken away some: they are taken for as large as the others, until the outbox is empty.
 */
export const WAITING = `
local function waiting_of(text)
  local bytes, entries = string.match(text or '', '^(%d+) (%d+)$')
  return tonumber(bytes or 0), tonumber(entries or 0)
end
local function waiting_bytes(text, length)
  local bytes, entries = waiting_of(text)
  if entries == length then return bytes end
  return math.floor((entries > 0 and bytes / entries or ${UNCOUNTED}) * length)
end
`

/** SESSION, OUTBOX, KEPT, records, WAITING. */
export const SETTLE = `
local function settle(ids, now)
  local gone, size = 0, 0
  for _, id in ipairs(ids) do
    -- most of them were written by the same change
    local place = places[id] or string.match(find('r ' .. id, now) or '', '^%d+') or '0'
    local entry = place ~= '0' and redis.call('XRANGE', OUTBOX, place .. '-0', place .. '-0')[1]
    if entry then gone, size = gone + redis.call('XDEL', OUTBOX, place .. '-0'), size + #entry[2][2] end
  end
  if gone == 0 then return end
  local f = redis.call('HMGET', SESSION, 'since', 'settled', 'waiting')
  local since, settled = tonumber(f[1] or 0), gone
  if now - since < ${DRAIN_WINDOW} then settled = settled + tonumber(f[2] or 0) else since = now end
  local bytes, entries = waiting_of(f[3])
  local left = whole(math.max(bytes - size, 0)) .. ' ' .. whole(math.max(entries - gone, 0))
  redis.call('HSET', SESSION, 'since', whole(since), 'settled', whole(settled), 'waiting', left)
end
`

/** KEPT. Idempotency-Keys: an answer, or the mark of a request that is still running. */
export const ANSWERS = `
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
`
