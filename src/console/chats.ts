import type { Event, MessageEvent, MessageRecord } from '../client/client.ts'
import { bare, nickOf } from './shown.ts'

/** lines of a chat, and chats of a session, that are kept; the oldest go first */
const LINES_MAX = 1_000
const CHATS_MAX = 500

/** A message as it is shown. */
export interface Line {
  /** by which a copy of it is known */
  readonly key: string
  readonly mine: boolean
  from: string
  /** who said it, in a room */
  nick?: string
  /** between the account and one occupant of the room */
  isPrivate?: boolean
  at: string
  /** the id of its stanza, which corrections and the like name */
  id?: string
  /** unknown for what another caller sent: events tell how far it came, and the archive has the words */
  body?: string
  record?: MessageRecord
  /** what it said before it was corrected */
  before?: string
  isRetracted?: boolean
  isEncrypted?: boolean
  reactions?: Record<string, string[]>
  /** its sender asked for a receipt, and got none from here */
  wantsReceipt?: boolean
  /** came as an error */
  error?: string
}

export interface Chat {
  readonly peer: string
  readonly lines: Line[]
  isWriting: boolean
  /** lines that came since it was last looked at */
  unread: number
}

/** What a message event or one of the archive says. */
export type Words = Partial<
  Pick<
    MessageEvent,
    'from' | 'to' | 'id' | 'type' | 'subject' | 'body' | 'text' | 'stanzaIds' | 'encryption' | 'error' | 'delay' | 'receipt' | 'room'
  >
>

export interface Chats {
  readonly all: ReadonlyMap<string, Chat>
  of(peer: string): Chat
  take(event: Event): void
  /** a message that the gateway accepted, with the words that it was sent with */
  sent(peer: string, body: string, record: Pick<MessageRecord, 'id' | 'status'>): void
  /** one of the archive, whenever it was; in a room what is said by `nick` is said by the account */
  archived(peer: string, words: Words, place: { id: string; at: string }, nick?: string): void
  recorded(record: MessageRecord): void
}

/** The conversations of a session, by the bare JID of the other side: a person or a room. */
export function createChats(own: () => string, changed: () => void): Chats {
  const all = new Map<string, Chat>()

  function of(peer: string): Chat {
    const known = all.get(peer)
    if (known) return known
    const chat: Chat = { peer, lines: [], isWriting: false, unread: 0 }
    all.set(peer, chat)
    const [oldest] = all.keys()
    if (all.size > CHATS_MAX && oldest !== undefined) all.delete(oldest)
    return chat
  }

  /** Adds a line in its place by time, or fills what is not known yet of the one that is there. */
  function put(peer: string, line: Line): Line {
    const chat = of(peer)
    const { lines } = chat
    const known = lines.findLast(({ key }) => key === line.key)
    changed()
    if (known) {
      if (known.body === undefined && line.body !== undefined) known.body = line.body
      if (line.record) known.record = line.record
      return known
    }
    const after = lines.findLastIndex(({ at }) => at <= line.at)
    lines.splice(after + 1, 0, line)
    if (lines.length > LINES_MAX) lines.shift()
    return line
  }

  function lineOf(words: Words, { mine, key, at }: { mine: boolean; key: string; at: string }): Line {
    const { from = '', id, encryption, error } = words
    const isInRoom = words.type === 'groupchat'
    // in a room a subject alone is what is said
    const body = words.text ?? words.body ?? (isInRoom && words.subject ? `Subject: ${words.subject}` : undefined)
    return {
      key,
      mine,
      from,
      ...((isInRoom || words.room) && { nick: words.room?.nick ?? nickOf(from) }),
      ...(words.room && !isInRoom && { isPrivate: true }),
      at: words.delay?.timestamp ?? at,
      ...(id !== undefined && { id }),
      ...(body !== undefined && { body }),
      ...(encryption !== undefined && { isEncrypted: true }),
      ...(!mine && id !== undefined && words.receipt?.type === 'request' && { wantsReceipt: true }),
      ...(words.type === 'error' && { error: error?.condition ?? 'error' }),
    }
  }

  /** By the id that the room, or the own server, archived it under, where it said one. */
  const keyOf = ({ stanzaIds = [], type, from = '' }: Words, otherwise: string) =>
    stanzaIds.find(({ by }) => by === (type === 'groupchat' ? bare(from) : own()))?.id ?? otherwise

  /** What somebody in a room says is the room's, whose copy of our own words comes from there too. */
  const peerOf = ({ from = '', to = '', room }: Words, mine: boolean) => room?.jid ?? bare(mine ? to : from)

  function said(words: Words, mine: boolean, { id, time }: Event): void {
    const peer = peerOf(words, mine)
    const line = lineOf(words, { mine, key: mine ? (words.id ?? id) : keyOf(words, id), at: time })
    if (line.body === undefined && line.error === undefined && !line.isEncrypted) return
    const count = of(peer).lines.length
    put(peer, line)
    const chat = of(peer)
    chat.isWriting = false
    if (!mine && chat.lines.length > count) chat.unread += 1
  }

  /** The last line with this id by the same side: nobody else's word counts about it. */
  function about(words: Words, id: string): Line | undefined {
    const { from = '', room } = words
    const isMine = room?.own ?? bare(from) === own()
    const isTheirs = (line: Line) => line.mine === isMine && (isMine || room === undefined || line.from === from)
    return of(peerOf(words, isMine)).lines.findLast(
      (line) => isTheirs(line) && (line.id === id || line.key === id || line.record?.stanzaId === id),
    )
  }

  function recorded(record: MessageRecord): void {
    put(bare(record.to), { key: record.id, id: record.id, mine: true, from: own(), at: record.acceptedAt, record })
  }

  function take(event: Event) {
    switch (event.type) {
      case 'message.received':
        return said(event.data, event.data.room?.own === true, event)
      case 'message.sent-elsewhere':
        return said(event.data, true, event)
      case 'message.accepted':
      case 'message.sent':
      case 'message.acked':
      case 'message.delivered':
      case 'message.displayed':
      case 'message.failed':
      case 'message.expired':
        return recorded(event.data)
      case 'message.corrected': {
        const line = event.data.replace === undefined ? undefined : about(event.data, event.data.replace)
        if (line === undefined) return said(event.data, event.data.room?.own === true, event)
        if (line.body !== undefined) line.before ??= line.body
        const body = event.data.text ?? event.data.body
        if (body !== undefined) line.body = body
        return changed()
      }
      case 'message.retracted': {
        const line = event.data.retract && about(event.data, event.data.retract.id)
        if (line) line.isRetracted = true
        return changed()
      }
      case 'message.reacted': {
        const { from = '', reactions, room } = event.data
        const line = reactions && of(bare(from)).lines.findLast(({ id, key, record }) => [id, key, record?.stanzaId].includes(reactions.id))
        if (line) line.reactions = { ...line.reactions, [room ? from : bare(from)]: reactions.reactions ?? [] }
        return changed()
      }
      case 'room.message-moderated': {
        const { room, stanzaId } = event.data
        const line = of(room).lines.findLast(({ key, record }) => key === stanzaId || record?.stanzaId === stanzaId)
        if (line) line.isRetracted = true
        return changed()
      }
      case 'chatstate.changed':
        of(bare(event.data.from ?? '')).isWriting = event.data.chatState === 'composing'
        return changed()
    }
  }

  return {
    all,
    of,
    take,
    sent(peer, body, { id, status }) {
      const at = new Date().toISOString()
      const record: MessageRecord = { id, to: peer, status, originId: id, acceptedAt: at, history: [{ status, at }] }
      const known = of(bare(peer)).lines.findLast(({ key }) => key === id)
      // its events may have come before the answer, and know more
      put(bare(peer), { key: id, id, mine: true, from: own(), at, body, record: known?.record ?? record })
    },
    archived(peer, words, { id, at }, nick) {
      const isMine = words.type === 'groupchat' ? nickOf(words.from ?? '') === nick : bare(words.from ?? '') === own()
      const line = lineOf(words, { mine: isMine, key: isMine ? (words.id ?? id) : id, at })
      if (line.body !== undefined || line.isEncrypted) put(peer, line)
    },
    recorded,
  }
}
