--[[
  Reads the record of a message.

  KEYS    outbox, kept, due
  ARGV    message id
  Answer  the record, or nil
]]
--- @include "arguments"
--- @include "records"

local _, record = find_record(take(), redis_ms())
return record
