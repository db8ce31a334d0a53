import { useState } from 'preact/hooks'
import type { Capabilities, Session, SessionChange } from '../client/client.ts'
import { Confirm } from './confirm.tsx'
import type { Live } from './live.ts'
import { ProblemNote } from './problem-note.tsx'
import { go } from './route.ts'
import { ageOf, shown, timeOf } from './shown.ts'
import { StateMark } from './state-mark.tsx'
import { useCall } from './use-call.ts'
import { listOf, useFields } from './use-fields.tsx'
import { usePolled } from './use-polled.ts'

/** ms between looks at what the server can */
const EACH = 60_000

export function SettingsView({ live }: { live: Live }) {
  const session = live.session.value
  if (session === undefined) return null
  return (
    <div class="settings">
      <Connections session={session} />
      {/* of a session that was changed elsewhere the fields are made anew */}
      <Wanted key={JSON.stringify(wantedOf(session))} live={live} session={session} />
      <Password live={live} />
      <Server live={live} />
      <End live={live} session={session} />
    </div>
  )
}

function Connections({ session: { id, connections, createdAt, lastVerifiedAt, unread = [] } }: { session: Session }) {
  return (
    <section aria-labelledby="connections">
      <h2 id="connections">Connections</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Role</th>
            <th scope="col">Resource</th>
            <th scope="col">Bound as</th>
          </tr>
        </thead>
        <tbody>
          {connections.map(({ jid, resource, role, state }) => (
            <tr key={resource}>
              <td>
                <StateMark state={state} />
              </td>
              <td>{role}</td>
              <td>{shown(resource)}</td>
              <td>{jid === null ? <span class="soft">not yet</span> : shown(jid)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="facts soft">
        <span title={createdAt}>opened {timeOf(createdAt)}</span>
        <span>{lastVerifiedAt ? `verified ${ageOf(lastVerifiedAt)} ago` : 'not verified yet'}</span>
        <code>{id}</code>
      </p>
      {unread.map(({ what, detail }) => (
        <p key={what} class="warning">
          The {what} could not be read: {shown(detail)}
        </p>
      ))}
    </section>
  )
}

const wantedOf = ({ connections, handles, notify = [], bookmarks = false, mds = false }: Session) => ({
  connections: connections.length,
  handles,
  notify,
  bookmarks,
  mds,
})

/** What the session is to do. Only what was changed is sent. */
function Wanted({ live, session }: { live: Live; session: Session }) {
  const is = wantedOf(session)
  const { given, field } = useFields({
    connections: String(is.connections),
    handles: is.handles.join(', '),
    notify: is.notify.join(', '),
  })
  const [checked, setChecked] = useState({ bookmarks: is.bookmarks, mds: is.mds })
  const { problem, isBusy, run } = useCall()
  const wanted = {
    connections: Number(given.connections),
    handles: listOf(given.handles),
    notify: listOf(given.notify),
    ...checked,
  }
  const change = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(is[name as keyof typeof is])),
  ) as SessionChange
  const save = () =>
    run(async () => {
      live.session.value = await live.account.client.sessions.update({ id: live.id, ...change })
    })
  const box = (name: keyof typeof checked, label: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={checked[name]}
        onChange={({ currentTarget }) => setChecked({ ...checked, [name]: currentTarget.checked })}
      />
      {label}
    </label>
  )
  return (
    <section aria-labelledby="wanted">
      <h2 id="wanted">What it does</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div class="fields">
          {field('connections', 'Connections', { type: 'number', min: 1, max: 8, required: true })}
          {field('handles', 'Handles', { placeholder: 'namespaces of requests that callers answer' })}
          {field('notify', 'Notify', { placeholder: 'nodes of contacts whose news are wanted' })}
        </div>
        {box('bookmarks', 'Join the rooms that its bookmarks name')}
        {box('mds', 'Tell its other clients what was read')}
        <p class="actions">
          <button type="submit" disabled={isBusy || Object.keys(change).length === 0}>
            {isBusy ? 'Saving …' : 'Save'}
          </button>
        </p>
        <ProblemNote of={problem} />
      </form>
    </section>
  )
}

function Password({ live }: { live: Live }) {
  const { given, set, field } = useFields({ password: '' })
  const [isToChange, setToChange] = useState(false)
  const [said, setSaid] = useState('')
  const { problem, isBusy, run } = useCall()
  const { client } = live.account
  const save = () =>
    run(async () => {
      setSaid('')
      const { password } = given
      if (isToChange) await client.registration.changePassword({ session: live.id, password })
      else await client.sessions.update({ id: live.id, password })
      set({ password: '' })
      setSaid(isToChange ? 'The account has the new password, here and on its server.' : 'It works, and is what the session logs in with.')
    })
  return (
    <section aria-labelledby="password">
      <h2 id="password">Password</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div class="fields">
          {field('password', 'New password', { type: 'password', autocomplete: 'new-password', required: true })}
          <button type="submit" disabled={isBusy}>
            {isToChange ? 'Change it' : 'Log in with it'}
          </button>
        </div>
        <label class="check">
          <input type="checkbox" checked={isToChange} onChange={({ currentTarget }) => setToChange(currentTarget.checked)} />
          Change it on the server too; without this it is one that the account has already
        </label>
        {said && <p role="status">{said}</p>}
        <ProblemNote of={problem} />
      </form>
    </section>
  )
}

const abilities: readonly (readonly [keyof Capabilities, string])[] = [
  ['archive', 'keeps a history'],
  ['upload', 'takes files'],
  ['rooms', 'has rooms'],
  ['pubsub', 'has pubsub'],
  ['blocking', 'blocks'],
  ['push', 'pushes'],
  ['bookmarks', 'keeps bookmarks'],
  ['mds', 'keeps what was read'],
]

/** What its server can, which says why something else cannot be done. */
function Server({ live }: { live: Live }) {
  const { value, problem, look } = usePolled((signal) => live.account.client.capabilities.get({ session: live.id }, { signal }), {
    each: EACH,
    key: live.session.value?.state ?? '',
  })
  return (
    <section aria-labelledby="server">
      <h2 id="server">Its server</h2>
      <ProblemNote of={problem} again={look} />
      {value && (
        <ul class="facts">
          {abilities.map(([name, words]) => (
            <li key={name} class={value[name] ? '' : 'soft'}>
              {value[name] ? '✓' : '–'} {words}
              {!value[name] && <span class="hidden"> (it does not)</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function End({ live, session: { jid } }: { live: Live; session: Session }) {
  const [isClosing, setClosing] = useState(false)
  return (
    <section aria-labelledby="end">
      <h2 id="end">End</h2>
      <p class="actions">
        <button type="button" class="danger" onClick={() => setClosing(true)}>
          End session
        </button>
        <span class="soft">It goes offline here, and its events and records are gone. The account itself stays.</span>
      </p>
      {isClosing && (
        <Confirm
          title={`End the session of ${shown(jid)}?`}
          typed={jid}
          action={{ name: 'End it', run: () => live.account.client.sessions.close({ id: live.id }) }}
          onDone={() => go({ page: 'sessions' })}
          onCancel={() => setClosing(false)}
        >
          <p>It goes offline here, and its events and records are gone.</p>
        </Confirm>
      )}
    </section>
  )
}
