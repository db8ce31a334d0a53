import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { features } from '../../src/features/index.ts'
import type { Sessions } from '../../src/gateway/contract/session.ts'
import { coreKinds } from '../../src/gateway/session/core-kinds.ts'
import { definitions } from '../../src/protocol/index.ts'

const vocabulary = createTranslator(definitions)
// operations look at the sessions only when they run
const context = { vocabulary, sessions: {} as Sessions, limits: { stanza: 262_144, upload: 1 }, put: async () => {} }

const operations = features.flatMap((feature) => feature.operations?.(context) ?? [])
const events = features.flatMap((feature) => feature.events?.(vocabulary) ?? [])

describe('the rooms', () => {
  it('have no id, route, type of event, command, kind of state or answer twice', () => {
    const lists = [
      features.map(({ name }) => name),
      operations.map(({ id }) => id),
      operations.map(({ method, path }) => `${method} ${path}`),
      events.map(({ type }) => type),
      features.flatMap(({ commands = [] }) => commands.map(({ name }) => name)),
      [...coreKinds, ...features.flatMap(({ keeps = [] }) => keeps)].map(({ name }) => name),
      features.flatMap(({ answers = [] }) => answers.map(({ type, name, xmlns }) => `${type} ${name} ${xmlns}`)),
    ]
    for (const list of lists) assert.deepEqual(list.toSorted(), [...new Set(list)].sort())
  })

  it('offer what the contract lists', () => {
    const ids = operations.map(({ id }) => id)
    for (const id of [
      'sessions.open sessions.list sessions.get sessions.update sessions.close',
      'messages.send messages.get',
      'roster.get roster.getContact roster.put roster.remove',
      'presence.list presence.get presence.set presence.clear presence.send',
      'iq.send iq.get iq.reply stanzas.send translate',
    ].flatMap((line) => line.split(' '))) {
      assert.ok(ids.includes(id), id)
    }
  })

  it('refuse unknown keys in every body', () => {
    for (const { id, body } of operations) {
      const issues = body?.safeParse({ unknownKey: 1 }).error?.issues ?? []
      if (body)
        assert.ok(
          issues.some((issue) => issue.code === 'unrecognized_keys'),
          id,
        )
    }
  })
})
