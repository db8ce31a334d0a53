import { useState } from 'preact/hooks'
import type { Occupant, Room } from '../client/client.ts'
import type { Account } from './account.ts'
import type { Live } from './live.ts'
import { ProblemNote } from './problem-note.tsx'
import { hashOf } from './route.ts'
import { bare, shown } from './shown.ts'
import { useCall } from './use-call.ts'
import { useFields } from './use-fields.tsx'
import { usePolled } from './use-polled.ts'
import { WindowList } from './window-list.tsx'

const PAGE = 1_000
/** ms between looks where no event asks for one: what is volatile may be missed */
const EACH = 30_000

/** One room: what it is about, who is in it, and who is asked to come. */
export function RoomPane({ live, room: of, onClose }: { live: Live; room: Room; onClose: () => void }) {
  const { room, subject, role, affiliation, anonymous, features, state } = of
  const { value, problem, look } = usePolled((signal) => readOccupants(live.account, { session: live.id, room }, signal), {
    each: EACH,
    key: `${state} ${live.rooms.turn}`,
  })
  const can = [features.archive && 'keeps an archive', features.moderation && 'is moderated by its moderators']
  return (
    <section class="detail room-pane" aria-label="Room">
      <div class="title">
        <h2>{shown(room)}</h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {subject?.text && (
        <p class="room-subject">
          {shown(subject.text)} {subject.by && <span class="soft">by {shown(subject.by)}</span>}
        </p>
      )}
      <p class="soft">
        {role !== undefined && `You are ${[affiliation === 'none' ? '' : affiliation, role].filter(Boolean).join(' and ')}. `}
        {anonymous === 'semi' ? 'Moderators see who is who.' : 'All see who is who.'} {can.filter(Boolean).map((one) => `It ${one}. `)}
        <a href={hashOf({ page: 'session', id: live.id, tab: 'conversations', with: room })}>Talk there</a>
      </p>
      {state === 'joined' && (
        <>
          <Invite live={live} room={room} />
          <ProblemNote of={problem} again={look} />
          {value && value.length > 0 && (
            <WindowList label="Occupants" count={value.length} height={30} row={(index) => <Cells of={value[index]!} />} />
          )}
        </>
      )}
    </section>
  )
}

function Cells({ of: { nick, jid, role, affiliation, presence } }: { of: Occupant }) {
  return (
    <div class="cells" role="presentation">
      <span role="cell" class="grow" title={jid === undefined ? undefined : shown(jid)}>
        {shown(nick)} {jid !== undefined && <span class="soft">{shown(bare(jid))}</span>}
      </span>
      <span role="cell" class="soft">
        {presence.show ?? ''}
      </span>
      <span role="cell">{affiliation === 'none' ? '' : affiliation}</span>
      <span role="cell" class="soft">
        {role}
      </span>
    </div>
  )
}

function Invite({ live, room }: { live: Live; room: string }) {
  const { given, set, field } = useFields({ to: '', reason: '' })
  const [invited, setInvited] = useState('')
  const { problem, isBusy, run } = useCall()
  const invite = () =>
    run(async () => {
      setInvited('')
      const [to, reason] = [given.to.trim(), given.reason.trim()]
      await live.account.client.rooms.invite({ session: live.id, room, to, ...(reason && { reason }) })
      set({ to: '', reason: '' })
      setInvited(to)
    })
  return (
    <form
      aria-label="Invite"
      onSubmit={(event) => {
        event.preventDefault()
        void invite()
      }}
    >
      <div class="fields">
        {field('to', 'Whom', { required: true, placeholder: 'juliet@example.com' })}
        {field('reason', 'Reason')}
        <button type="submit" disabled={isBusy}>
          Invite
        </button>
      </div>
      {invited && (
        <p class="soft" role="status">
          {shown(invited)} was invited.
        </p>
      )}
      <ProblemNote of={problem} />
    </form>
  )
}

const ranks = ['moderator', 'participant', 'visitor', 'none']

/** Moderators first, then by nick. */
async function readOccupants({ client }: Account, of: { session: string; room: string }, signal: AbortSignal): Promise<Occupant[]> {
  const found: Occupant[] = []
  for (let after: string | undefined; ; ) {
    const { data, page } = await client.rooms.occupants({ ...of, limit: PAGE, ...(after !== undefined && { after }) }, { signal })
    found.push(...data)
    after = page.next
    if (page.complete || after === undefined) break
  }
  const order = ({ role, nick }: Occupant) => `${ranks.indexOf(role)} ${nick}`
  return found.toSorted((one, other) => (order(one) < order(other) ? -1 : 1))
}
