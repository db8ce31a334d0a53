export const url = 'https://gateway.example.com/hooks/in/sgi_2m1Yl6mL0cJq7YqXx3sZb0kZ1CmTj2sX5QhYV9wXA4E'

export const hook = {
  id: 'hok_Zb0kZ1CmTj2sX5QhYV9wXA',
  name: 'alerts',
  session: 'ses_Zb0kZ1CmTj2sX5QhYV9wXA',
  to: 'ops@conference.example.com',
  format: 'alertmanager' as const,
  createdAt: '2026-05-01T10:00:00.000Z',
}
