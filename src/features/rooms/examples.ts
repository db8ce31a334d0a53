import type { RoomJson } from './room-json.ts'

/** A room that a session is in. */
export const joined = {
  room: 'verona@conference.example.com',
  nick: 'romeo',
  state: 'joined',
  since: '2026-05-01T10:00:00.118Z',
  role: 'participant',
  affiliation: 'none',
  subject: { text: 'Two households, both alike in dignity', by: 'prince' },
  occupants: 3,
  anonymous: 'semi',
  features: { archive: true, moderation: false, stableIds: true, occupantIds: true, selfPing: true },
  bookmarked: false,
} satisfies RoomJson
