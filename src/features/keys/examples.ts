export const key = {
  id: 'key_mT5C0bO9p0sZbq1xkPsu1A',
  name: 'order bot',
  scopes: ['messages:write', 'events:read'] as ('messages:write' | 'events:read')[],
  sessions: ['shop@example.com'],
  recipients: ['@example.com'],
  expiresAt: '2027-05-01T10:00:00.000Z',
  createdAt: '2026-05-01T10:00:00.000Z',
  lastUsedAt: '2026-05-02T08:15:30.000Z',
}

export const text = 'sgk_9uHf3gR2pXw7Yq0ZkN4eT1vB8sJc5mLd0v6yXr3bF5m'
