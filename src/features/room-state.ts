/** The rooms (XEP-0045) that a session wants to be in, and who is there: for whatever has to do with rooms. */
import type { StanzaJson } from '../codec/translate.ts'
import type { StanzaErrorJson } from '../errors/catalogue.ts'
import type { Sealed } from '../gateway/contract/secrets.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { defineKind, type KnownState } from '../gateway/contract/state-kind.ts'
import { accountOf, comparable, withoutResource } from '../jid.ts'
import { OCCUPANT_ID } from '../protocol/namespaces.ts'
import { type Element, elements } from '../xml/element.ts'
import type { FilledIn } from './form-values.ts'

export const roomStates = ['joining', 'joined', 'leaving', 'left', 'failed'] as const
export type RoomState = (typeof roomStates)[number]

export const roles = ['moderator', 'participant', 'visitor', 'none'] as const
export const affiliations = ['owner', 'admin', 'member', 'outcast', 'none'] as const
export type Role = (typeof roles)[number]
export type Affiliation = (typeof affiliations)[number]

/** Why the session is not in a room any more. */
export const leftReasons = ['left', 'kicked', 'banned', 'lost', 'affiliation', 'members-only', 'shutdown', 'destroyed', 'error'] as const
export type LeftReason = (typeof leftReasons)[number]

/** What a room can do, as its service discovery says. */
export interface RoomFeatures {
  archive: boolean
  moderation: boolean
  stableIds: boolean
  occupantIds: boolean
  selfPing: boolean
}

/** Why a room could not be joined. */
export type RoomError = { code: string; detail: string; xmpp?: StanzaErrorJson }

/** What a caller asked for when it was joined. */
export interface Wish {
  password?: string
  /** of the first join alone */
  history?: { stanzas?: number; since?: string }
  nickConflict?: 'fail' | 'suffix'
  create?: 'never' | 'instant' | 'configure'
  /** of the owner's form, where it is created */
  values?: FilledIn
}

export interface WantedRoom extends Omit<Wish, 'password' | 'values'> {
  password?: Sealed
  /** JSON */
  values?: Sealed
  /** the one that is wanted, and once it is joined the one that the session has there */
  nick: string
  state: RoomState
  /** epoch ms: of the state */
  since: number
  reason?: LeftReason
  error?: RoomError
  /** a message of the session came back from it with its id */
  keepsIds?: true
  /** it is tried again by itself, though it failed */
  retried?: true
  /** its own one there (XEP-0421), as far as the room gave it one */
  occupantId?: string
  role?: Role
  affiliation?: Affiliation
  subject?: { text: string; by?: string; at?: string }
  anonymous?: 'semi' | 'non'
  features?: RoomFeatures
  created?: true
  /** it was joined before: what comes now is once more */
  before?: true
  /** it is joined once the session is available: it was left when it became unavailable */
  resting?: true
  /** own presence there, where it is another one */
  presence?: StanzaJson
  /** not all that was said while the session was away is read yet */
  behind?: true
}

/** rooms of one session */
export const ROOMS_MAX = 1_000

/** The rooms of a session, by their bare JIDs, comparable: those that it is in or wants to be in, and those that it was taken out of. */
export const wantedRooms = defineKind<WantedRoom>({
  name: 'rooms',
  bound: 'rooms',
  entries: ROOMS_MAX + 100,
  size: 4 * 1024 * 1024,
  firm: true,
})

/** The newest message of a room that is known, by the id that the room gave it. */
export interface RoomMark {
  /** '' where its archive was empty */
  id: string
  /** epoch ms */
  at: number
}

export const roomMarks = defineKind<RoomMark>({
  name: 'room-marks',
  bound: 'room-marks',
  entries: ROOMS_MAX + 100,
  size: 1024 * 1024,
  firm: true,
})

/** Somebody in a room. */
export interface Occupant {
  nick: string
  /** XEP-0421: the same whatever the nick */
  occupantId?: string
  /** where the room shows it */
  jid?: string
  /** epoch ms: when it came, as far as the session saw that; who has the nick later is somebody else */
  at: number
  role: Role
  affiliation: Affiliation
  presence: StanzaJson
  hats?: unknown
}

/** Who is in the rooms, by `room/nick`, comparable. */
export const occupants = defineKind<Occupant>({ name: 'occupants', bound: 'occupants', entries: 50_000, size: 16 * 1024 * 1024 })

/** What is said to it waits until it is joined. */
export const isComing = (room: WantedRoom): boolean => room.state === 'joining' || room.retried === true

/** The room that an address is in, where the session has it. */
export function roomOf(state: Pick<KnownState, 'get'>, address: string): { jid: string; room: WantedRoom } | undefined {
  const jid = accountOf(address)
  const room = state.get(wantedRooms, jid)
  return room && { jid, room }
}

/** `room/nick` as occupants are known by it. */
export const occupantKey = (room: string, nick: string) => comparable(`${room}/${nick}`)

/** The nick in an address of an occupant, as it is written there; undefined of a bare one. */
export function nickOf(address: string): string | undefined {
  const { length } = withoutResource(address)
  return address.length > length ? address.slice(length + 1) : undefined
}

/** The session is in it, or wants to be. */
export const isWanted = (room: WantedRoom | undefined): boolean =>
  room !== undefined && (room.state === 'joined' || room.state === 'joining' || room.retried === true)

/** The XEP-0421 id of whoever said something in a room: an occupant can put one there itself where the room gives none. */
export function occupantIdOf(stanza: Element, { features }: Pick<WantedRoom, 'features'>): string | undefined {
  if (features?.occupantIds !== true) return undefined
  const given = elements(stanza).findLast(({ name, xmlns }) => name === 'occupant-id' && xmlns === OCCUPANT_ID)
  return given?.attributes.id || undefined
}

/** Who said something in a room, as callers see it. */
export interface Speaker {
  jid: string
  /** absent: the room itself */
  nick?: string
  occupantId?: string
  own: boolean
}

/** Who speaks in a message from a room that the session has, or of the type groupchat. */
export function speakerOf({ state }: Pick<LiveSession, 'state'>, stanza: Element): Speaker | undefined {
  const { from, type } = stanza.attributes
  if (from === undefined) return undefined
  const found = roomOf(state, from)
  if (found === undefined && type !== 'groupchat') return undefined
  const nick = nickOf(from)
  const occupantId = found && nick !== undefined ? occupantIdOf(stanza, found.room) : undefined
  return {
    jid: found?.jid ?? accountOf(from),
    ...(nick !== undefined && { nick }),
    ...(occupantId !== undefined && { occupantId }),
    own: found !== undefined && nick !== undefined && isOwn(found, from, occupantId),
  }
}

/** By the id where there is one, for others may have had the nick before, and have it in another case. */
function isOwn({ jid, room }: { jid: string; room: WantedRoom }, from: string, occupantId: string | undefined): boolean {
  if (occupantId !== undefined && room.occupantId !== undefined) return occupantId === room.occupantId
  return comparable(from) === occupantKey(jid, room.nick)
}
