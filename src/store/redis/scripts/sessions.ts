/** Making, changing and removing sessions; leases. */
import { LEASE, type ScriptOptions, type SessionScript, sessionScript } from './prelude.ts'

/** record, version, status, log name, ms that it lives unless it is confirmed, owner ('': nobody). 0: it was there already. */
export const create = sessionScript(
  ['session', 'log', 'durable', 'volatile'],
  LEASE,
  `
if redis.call('EXISTS', SESSION) == 1 then return 0 end
redis.call('DEL', LOG, DURABLE, VOLATILE)
local record, version, status, name, life, owner = take(), take(), take(), take(), take(), take()
redis.call('HSET', SESSION, 'record', record, 'version', version, 'status', status)
redis.call('HSET', LOG, 'name', name, 'head', 0, 'floor', 0, 'aged', 0)
redis.call('PEXPIRE', SESSION, life)
redis.call('PEXPIRE', LOG, life)
if owner ~= '' then grant(owner) end
return 1
`,
)

/** A session that is confirmed does not end by itself any more. The log of one that was removed meanwhile does. */
export const persist = sessionScript(
  ['session', 'log'],
  `
if redis.call('EXISTS', SESSION) == 0 then return 0 end
redis.call('PERSIST', SESSION)
redis.call('PERSIST', LOG)
return 1
`,
)

/** version expected, new version, record. */
export const update = sessionScript(
  ['session'],
  `
local expected, version, record = take(), take(), take()
if redis.call('HGET', SESSION, 'version') ~= expected then return 0 end
redis.call('HSET', SESSION, 'version', version, 'record', record)
return 1
`,
)

/** KEYS after those named: the hash of each kind. ms that the log lives on, kinds. 0: there is another kind by now. */
export const remove = ({ publish }: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'tokens', 'log', 'durable', 'volatile', 'outbox', 'kept', 'due', 'kinds'],
    `
local life, known = take(), {}
for i = 2, #ARGV do known[ARGV[i]] = true end
for _, kind in ipairs(redis.call('SMEMBERS', KINDS)) do
  if not known[kind] then return 0 end
end
for i = 10, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('UNLINK', SESSION, TOKENS, OUTBOX, KEPT, DUE, KINDS)
for _, key in ipairs({ LOG, DURABLE, VOLATILE }) do redis.call('PEXPIRE', key, life) end
redis.pcall('${publish}', (string.gsub(LOG, 'log$', 'wake')), '')
return 1
`,
  )

/** ms by the clock of the node that has the session. */
export const now = sessionScript(['session'], 'return redis_ms()')

/** entries of a hash that are read in one step: each may have some hundred KiB */
const STEP = 4

/**
 * KEYS after that named: the hash of each kind. bytes, which of them (from 0), place in it ('0': its start). Reads on until it has so many
 * bytes. Answers which is next, the place in it, and a list for each that was read: which, keys and values in turn, and how many it has in
 * all where it was read to its end, else -1. There may be the same twice.
 */
export const readState = sessionScript(
  ['session'],
  `
local most, kind, place = number(), number(), take()
local answer, size = { 0, 0 }, 0
while KEYS[kind + 2] and size < most do
  local values, entries = {}, -1
  repeat
    local page = redis.call('HSCAN', KEYS[kind + 2], place, 'COUNT', ${STEP})
    place = page[1]
    for _, text in ipairs(page[2]) do
      size = size + #text
      values[#values + 1] = text
    end
  until place == '0' or size >= most
  if place == '0' then entries = redis.call('HLEN', KEYS[kind + 2]) end
  answer[#answer + 1] = { kind, values, entries }
  if place == '0' then kind = kind + 1 end
end
answer[1], answer[2] = kind, place
return answer
`,
)

/** hash. 0: there is no such session. */
export const addToken = sessionScript(
  ['session', 'tokens'],
  `
if redis.call('EXISTS', SESSION) == 0 then return 0 end
redis.call('SADD', TOKENS, take())
return 1
`,
)

/** owner, from ('': nobody). The fence, '' where there is no such session, or nil: somebody else has it. */
export const acquire = sessionScript(
  ['session'],
  LEASE,
  `
local owner, from = take(), take()
local _, holder = lease()
if redis.call('EXISTS', SESSION) == 0 then return '' end
if (holder or '') ~= from then return nil end
return grant(owner)
`,
)

/** owner, fence. */
export const release = sessionScript(
  ['session'],
  LEASE,
  `
local owner, fence = take(), take()
local held, holder = lease()
if held ~= fence or holder ~= owner then return 0 end
return redis.call('HDEL', SESSION, 'lease')
`,
)

/**
 * Writes a session anew that Redis has lost, and that nobody has now. KEYS after those named: the hash of each kind.
 * record, version, status, log name, fence · tokens · kinds: kind, its keys and values · streams: index, state. Each list after its length.
 * 0: it is there.
 */
export const restore = ({ publish }: ScriptOptions): SessionScript =>
  sessionScript(
    ['session', 'tokens', 'log', 'durable', 'volatile', 'outbox', 'kept', 'due', 'kinds'],
    `
if redis.call('EXISTS', SESSION) == 1 then return 0 end
redis.call('UNLINK', TOKENS, LOG, DURABLE, VOLATILE, OUTBOX, KEPT, DUE, KINDS)
local record, version, status, name, fence = take(), take(), take(), take(), take()
redis.call('HSET', SESSION, 'record', record, 'version', version, 'status', status, 'fence', fence)
redis.call('HSET', LOG, 'name', name, 'head', 0, 'floor', 0, 'aged', 0)
for _ = 1, number() do redis.call('SADD', TOKENS, take()) end
for i = 1, number() do
  redis.call('SADD', KINDS, take())
  for _ = 1, number() do redis.call('HSET', KEYS[9 + i], take(), take()) end
end
for _ = 1, number() do redis.call('HSET', SESSION, 'stream ' .. take(), take()) end
redis.pcall('${publish}', (string.gsub(LOG, 'log$', 'wake')), name .. ' 0')
return 1
`,
  )
