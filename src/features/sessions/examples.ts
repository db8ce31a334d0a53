import type { SessionJson } from '../../gateway/contract/session-json.ts'

/** A session that is online, as callers see it. */
export const online = {
  id: 'ses_mT5C0bO9p0sZbq1xkPsu1A',
  jid: 'romeo@example.com',
  state: 'online',
  since: '2026-05-01T10:00:01.204Z',
  connections: [{ jid: 'romeo@example.com/stanzagate-3f9a2c71', resource: 'stanzagate-3f9a2c71', role: 'primary', state: 'online' }],
  instance: 'gate-1',
  lastVerifiedAt: '2026-05-01T10:04:31.007Z',
  outbox: { length: 0 },
  handles: [],
  createdAt: '2026-05-01T10:00:00.118Z',
} satisfies SessionJson

/** One whose log-in is under way. */
export const connecting = {
  ...online,
  state: 'connecting',
  since: '2026-05-01T10:00:00.118Z',
  connections: [{ jid: null, resource: 'stanzagate-3f9a2c71', role: 'primary', state: 'connecting' }],
  lastVerifiedAt: null,
} satisfies SessionJson

export const token = 'sgs_mT5C0bO9p0sZbq1xkPsu1AR2pXw7Yq0ZkN4eT1vB8sJc5mLd9uHf3g'
