import { Problem } from '../errors/problem.ts'
import { bare, isBare } from '../jid.ts'

/** The room that a path names. Throws jid-malformed. */
export function namedRoom(text: string): string {
  const room = bare(text)
  if (isBare(text) && room.includes('@')) return room
  const message = 'is not the address of a room, like cafe@conference.example.org'
  throw new Problem('jid-malformed', `params.room ${message}.`, { errors: [{ path: 'params.room', message }] })
}
