const brief = {
  id: 'whk_Zb0kZ1CmTj2sX5QhYV9wXA',
  url: 'https://example.org/hooks/stanzagate',
  types: ['message.*', 'session.*'],
  ordering: 'strict',
  state: 'enabled',
  since: '2026-05-01T10:00:00.000Z',
  createdAt: '2026-05-01T10:00:00.000Z',
} as const

export const webhook = {
  ...brief,
  secrets: [{ id: 'sec_kq1hT0v6', createdAt: '2026-05-01T10:00:00.000Z' }],
  cursorLag: { events: 0, seconds: 0 },
  lastDelivery: { at: '2026-05-01T10:00:07.120Z', status: 204 },
} as const

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='

export const delivery = {
  id: 'dlv_pWvYt2nS0gkq1hT0v6yXr3',
  event: { id: 'qXsDhCDpSIUOWsV3f-b5', type: 'message.received', session: 'ses_Zb0kZ1CmTj2sX5QhYV9wXA' },
  state: 'pending',
  attempts: [{ at: '2026-05-01T10:00:07.120Z', status: 503, error: 'The answer was 503.', ms: 41 }],
  firstTryAt: '2026-05-01T10:00:07.120Z',
  nextTry: '2026-05-01T10:00:11.002Z',
} as const
