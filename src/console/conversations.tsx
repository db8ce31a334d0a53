import { useEffect, useRef, useState } from 'preact/hooks'
import type { Contact, Room } from '../client/client.ts'
import type { Chat, Words } from './chats.ts'
import { Composer } from './composer.tsx'
import { LineView } from './line-view.tsx'
import type { Live } from './live.ts'
import { showOf } from './people.ts'
import { ProblemNote } from './problem-note.tsx'
import { RoomMark } from './room-mark.tsx'
import { go, hashOf } from './route.ts'
import { bare, cut, shown } from './shown.ts'
import { useCall } from './use-call.ts'

/** messages of the archive that are read at one time, and records of them */
const PAGE = 50
const RECORDS = 20
/** chats and lines that are shown at one time */
const SHOWN_MAX = 200

export function Conversations({ live, peer: given }: { live: Live; peer?: string }) {
  void live.version.value
  const [isNew, setNew] = useState(false)
  const peers = peersOf(live)
  const peer = isNew ? undefined : (given ?? peers[0])
  // looked at, and so read; nothing of it goes to the other side
  if (peer !== undefined) live.chats.of(peer).unread = 0
  const open = (jid: string) => {
    setNew(false)
    go({ page: 'session', id: live.id, tab: 'conversations', with: bare(jid) })
  }
  return (
    <div class="columns">
      <nav class="peers" aria-label="People and rooms">
        <button type="button" onClick={() => setNew(true)} aria-pressed={isNew}>
          Somebody else
        </button>
        <ul>
          {peers.slice(0, SHOWN_MAX).map((jid) => (
            <li key={jid}>
              <button type="button" class="peer" aria-current={jid === peer ? 'true' : undefined} onClick={() => open(jid)}>
                <Peer live={live} jid={jid} />
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <section class="chat" aria-label={peer === undefined ? 'Somebody else' : shown(peer)}>
        {peer !== undefined && <RoomHead live={live} jid={peer} />}
        {peer !== undefined && <Lines key={peer} live={live} chat={live.chats.of(peer)} />}
        <Composer key={peer ?? ''} live={live} peer={peer} onSent={open} />
      </section>
    </div>
  )
}

/** Who spoke last first, then the other rooms and contacts. */
function peersOf({ people, rooms, chats }: Live): string[] {
  const last = (chat: Chat) => chat.lines.at(-1)?.at ?? ''
  const spoken = [...chats.all.values()]
    .filter(({ lines }) => lines.length > 0)
    .toSorted((one, other) => (last(one) < last(other) ? 1 : -1))
  return [...new Set([...spoken.map(({ peer }) => peer), ...[...rooms.all.keys(), ...people.contacts.keys()].toSorted()])]
}

function Peer({ live, jid }: { live: Live; jid: string }) {
  void live.version.value
  const contact = live.people.contacts.get(jid)
  const room = live.rooms.all.get(jid)
  const chat = live.chats.all.get(jid)
  const body = chat?.lines.at(-1)?.body
  const told = [presenceOf(contact, room), chat?.isWriting ? 'writing …' : body && shown(cut(body).slice(0, 80))]
  return (
    <>
      <span class="peer-name">
        {room && <span class="soft"># </span>}
        {contact?.name ? `${shown(contact.name)} ` : ''}
        <span class={contact?.name ? 'soft' : ''}>{shown(jid)}</span>
        {chat && chat.unread > 0 && <b class="unread"> {chat.unread} new</b>}
      </span>
      <span class="peer-more soft">{told.filter(Boolean).join(' · ')}</span>
    </>
  )
}

/** Who is there: of a room how many, of a contact whether and how. */
function presenceOf(contact: Contact | undefined, room: Room | undefined): string {
  if (room) return room.state === 'joined' ? `${room.occupants} here` : room.state
  if (contact === undefined) return ''
  const { show, status } = showOf(contact)
  return status === undefined ? show : `${show} “${shown(status)}”`
}

/** What a person has to know of a room before they speak there. */
function RoomHead({ live, jid }: { live: Live; jid: string }) {
  const room = live.rooms.all.get(jid)
  if (room === undefined) return null
  return (
    <p class="room-head">
      <RoomMark of={room} />
      <span class="grow">{shown(room.subject?.text ?? '')}</span>
      <a href={hashOf({ page: 'session', id: live.id, tab: 'rooms', with: jid })}>{room.occupants} in the room</a>
    </p>
  )
}

function Lines({ live, chat }: { live: Live; chat: Chat }) {
  // what is shown changes within what is given
  void live.version.value
  const { problem, isBusy, run } = useCall()
  const [prev, setPrev] = useState<string | undefined>('')
  const [count, setCount] = useState(SHOWN_MAX)
  const end = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const { lines, peer } = chat
  const room = live.rooms.all.get(peer)

  const older = (before: string) =>
    run(async () => {
      const { client } = live.account
      const asked = { session: live.id, before, limit: PAGE }
      const { data, page } = await (room ? client.rooms.messages({ ...asked, room: peer }) : client.messages.list({ ...asked, with: peer }))
      for (const { archived, ...words } of data) live.chats.archived(peer, words as Words, archived, room?.nick)
      setPrev(page.prev)
      const own = live.session.peek()?.jid
      const mine = (data as unknown as Words[])
        .filter(({ id, from }) => id?.startsWith('msg_') && bare(from ?? '') === own)
        .map(({ id }) => id as string)
      for (const id of mine.slice(-RECORDS)) {
        // what is older than records are kept has none
        const record = await client.messages.get({ id }).catch(() => undefined)
        if (record) live.chats.recorded(record)
      }
    })
  useEffect(
    () => void older(''),
    [peer, room === undefined, lines.some(({ body, record, mine }) => mine && body === undefined && record?.status !== 'accepted')],
  )
  useEffect(() => {
    const { current } = end
    if (current && isAtEnd.current) current.scrollTop = current.scrollHeight
  })
  return (
    <div
      class="lines"
      role="log"
      aria-label="History"
      ref={end}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight > scrollHeight - 40
      }}
    >
      {prev !== undefined && prev !== '' && (
        <button type="button" disabled={isBusy} onClick={() => older(prev)}>
          Older
        </button>
      )}
      {lines.length > count && (
        <button type="button" onClick={() => setCount(count + SHOWN_MAX)}>
          {lines.length - count} more
        </button>
      )}
      {/* a server without an archive is none of the reader's business where there are lines */}
      {lines.length === 0 && <ProblemNote of={problem} />}
      {lines.length === 0 && problem === undefined && !isBusy && <p class="empty">Nothing was said yet. Write something below.</p>}
      {lines.slice(-count).map((line) => (
        <LineView key={line.key} live={live} line={line} />
      ))}
      {chat.isWriting && <p class="soft">{room ? 'Somebody' : shown(peer)} is writing …</p>}
    </div>
  )
}
