import type { Room } from '../client/client.ts'
import type { Live } from './live.ts'
import { ProblemNote } from './problem-note.tsx'
import { RoomMark } from './room-mark.tsx'
import { RoomPane } from './room-pane.tsx'
import type { Invitation } from './rooms.ts'
import { go, hashOf } from './route.ts'
import { bare, shown } from './shown.ts'
import { useCall } from './use-call.ts'
import { useFields } from './use-fields.tsx'
import { WindowList } from './window-list.tsx'

export function RoomsView({ live, room: open }: { live: Live; room?: string }) {
  void live.version.value
  const { rooms, id: session } = live
  const found = [...rooms.all.values()].toSorted((one, other) => (one.room < other.room ? -1 : 1))
  const shownRoom = open === undefined ? undefined : rooms.all.get(open)
  const look = (jid?: string) => go({ page: 'session', id: session, tab: 'rooms', ...(jid !== undefined && { with: jid }) })
  return (
    <div class="rooms">
      {[...rooms.invitations.values()].map((one) => (
        <Invited key={one.room} live={live} invitation={one} onJoined={look} />
      ))}
      <JoinRoom live={live} onJoined={look} />
      <ProblemNote of={rooms.problem} again={() => void rooms.load()} />
      {found.length === 0 && rooms.problem === undefined && (
        <p class="empty">
          In no room yet. Join one by its address, like <code>verona@conference.example.com</code>: the account stays in it over reconnects,
          and what is said there comes as events. A room that is not there is made.
        </p>
      )}
      {found.length > 0 && (
        <div class="events-columns">
          <WindowList
            label="All rooms"
            count={found.length}
            height={40}
            row={(index) => <Cells live={live} room={found[index]!} isOpen={found[index]!.room === open} onOpen={look} />}
          />
          {shownRoom && <RoomPane key={shownRoom.room} live={live} room={shownRoom} onClose={() => look()} />}
        </div>
      )}
    </div>
  )
}

interface CellsProps {
  live: Live
  room: Room
  isOpen: boolean
  onOpen: (jid: string) => void
}

function Cells({ live, room: of, isOpen, onOpen }: CellsProps) {
  const { room, nick, subject, occupants, state, error } = of
  const { problem, isBusy, run } = useCall()
  const { client } = live.account
  const session = live.id
  const leave = () =>
    run(async () => {
      await client.rooms.leave({ session, room })
      live.rooms.remove(room)
    })
  return (
    <div class={`cells sessions ${isOpen ? 'focused' : ''}`} role="presentation">
      <span role="cell">
        <RoomMark of={of} />
      </span>
      <span role="cell" class="room-name">
        <button type="button" class="plain" aria-expanded={isOpen} onClick={() => onOpen(room)}>
          {shown(room)}
        </button>
      </span>
      <span role="cell" class="soft">
        as {shown(nick)}
      </span>
      <span role="cell" class="soft">
        {state === 'joined' && `${occupants} here`}
      </span>
      <span role="cell" class="grow">
        {problem instanceof Error ? (
          <span class="warning">{shown(problem.message)}</span>
        ) : error ? (
          <span class="warning">{shown(error.detail)}</span>
        ) : (
          subject && shown(subject.text)
        )}
      </span>
      <span role="cell">
        {state === 'joined' || state === 'joining' ? (
          <a href={hashOf({ page: 'session', id: session, tab: 'conversations', with: room })}>Talk</a>
        ) : (
          <button
            type="button"
            class="small"
            disabled={isBusy}
            onClick={() => run(async () => live.rooms.put(await client.rooms.join({ session, room, nick })))}
          >
            Join again
          </button>
        )}
      </span>
      <span role="cell">
        <button type="button" class="small" disabled={isBusy} aria-label={`Leave ${shown(room)}`} onClick={leave}>
          Leave
        </button>
      </span>
    </div>
  )
}

function JoinRoom({ live, onJoined }: { live: Live; onJoined: (jid: string) => void }) {
  const { given, set, field } = useFields({ room: '', nick: '', password: '' })
  const { problem, isBusy, run } = useCall()
  const join = () =>
    run(async () => {
      const [room, nick] = [given.room.trim(), given.nick.trim()]
      const { client } = live.account
      const { password } = given
      const joined = await client.rooms.join({ session: live.id, room, ...(nick && { nick }), ...(password && { password }) })
      live.rooms.put(joined)
      set({ room: '', password: '' })
      onJoined(joined.room)
    })
  return (
    <form
      class="card"
      aria-label="Join a room"
      onSubmit={(event) => {
        event.preventDefault()
        void join()
      }}
    >
      <div class="fields">
        {field('room', 'Room', { required: true, placeholder: 'verona@conference.example.com' })}
        {field('nick', 'Nick', { placeholder: bare(live.session.value?.jid ?? '').split('@', 1)[0] })}
        {field('password', 'Password', { type: 'password', autocomplete: 'new-password', placeholder: 'where it has one' })}
        <button type="submit" disabled={isBusy}>
          {isBusy ? 'Joining …' : 'Join'}
        </button>
      </div>
      <ProblemNote of={problem} />
    </form>
  )
}

function Invited({ live, invitation, onJoined }: { live: Live; invitation: Invitation; onJoined: (jid: string) => void }) {
  const { room, from, reason, password } = invitation
  const { problem, isBusy, run } = useCall()
  const { client } = live.account
  const session = live.id
  const answer = (work: () => Promise<unknown>) =>
    run(async () => {
      await work()
      live.rooms.answered(bare(room))
    })
  const join = async () => {
    live.rooms.put(await client.rooms.join({ session, room, ...(password && { password }) }))
    onJoined(bare(room))
  }
  return (
    <div class="request" role="group" aria-label={`Invitation to ${shown(room)}`}>
      <span class="grow">
        <b>{shown(from ?? 'Somebody')}</b> invites you to <b>{shown(room)}</b>
        {reason && <span class="soft"> “{shown(reason)}”</span>}
        <ProblemNote of={problem} />
      </span>
      <button type="button" disabled={isBusy} onClick={() => answer(join)}>
        Join
      </button>
      <button type="button" disabled={isBusy} onClick={() => answer(() => client.rooms.decline({ session, room }))}>
        Decline
      </button>
    </div>
  )
}
