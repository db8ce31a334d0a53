import { useState } from 'preact/hooks'
import type { Contact } from '../client/client.ts'
import { Confirm } from './confirm.tsx'
import type { Live } from './live.ts'
import { showOf } from './people.ts'
import { ProblemNote } from './problem-note.tsx'
import { hashOf } from './route.ts'
import { shown } from './shown.ts'
import { useCall } from './use-call.ts'
import { listOf, useFields } from './use-fields.tsx'
import { WindowList } from './window-list.tsx'

const subscriptions: Readonly<Record<Contact['subscription'], string>> = {
  both: 'both see each other',
  to: 'you see them',
  from: 'they see you',
  none: 'neither sees the other',
}

export function RosterView({ live }: { live: Live }) {
  void live.version.value
  const [removed, setRemoved] = useState<string | undefined>(undefined)
  const { problem, isBusy, run } = useCall()
  const { people, id: session } = live
  const { client } = live.account
  const contacts = [...people.contacts.values()].toSorted((one, other) => (one.jid < other.jid ? -1 : 1))
  const answer = (jid: string, type: 'subscribed' | 'unsubscribed') =>
    run(async () => {
      await client.presence.send({ session, to: jid, type })
      people.answered(jid)
    })
  return (
    <div class="roster">
      {[...people.requests].map((jid) => (
        <div key={jid} class="request" role="group" aria-label={`Request of ${shown(jid)}`}>
          <b>{shown(jid)}</b> asks to see when you are there.
          <button type="button" disabled={isBusy} onClick={() => answer(jid, 'subscribed')}>
            Approve
          </button>
          <button type="button" disabled={isBusy} onClick={() => answer(jid, 'unsubscribed')}>
            Deny
          </button>
        </div>
      ))}
      <ProblemNote of={problem} />
      <AddContact live={live} />
      <ProblemNote of={people.problem} again={() => void people.load()} />
      {contacts.length === 0 && people.problem === undefined && <p class="empty">No contacts yet. Add one by their JID.</p>}
      {contacts.length > 0 && (
        <WindowList
          label="Contacts"
          count={contacts.length}
          height={40}
          row={(index) => {
            const contact = contacts[index]!
            const { jid, name, groups, subscription, ask } = contact
            const { show, status } = showOf(contact)
            return (
              <div class="cells" role="presentation">
                <span role="cell" class="grow">
                  {name ? `${shown(name)} ` : ''}
                  <a href={hashOf({ page: 'session', id: session, tab: 'conversations', with: jid })}>{shown(jid)}</a>
                </span>
                <span role="cell" title={status === undefined ? undefined : shown(status)}>
                  {show}
                </span>
                <span role="cell" class="soft wide">
                  {shown(groups.join(', '))}
                </span>
                <span role="cell" class="soft">
                  {subscriptions[subscription]}
                  {ask && ', asked'}
                </span>
                <span role="cell">
                  {(subscription === 'none' || subscription === 'from') && (
                    <button
                      type="button"
                      disabled={isBusy}
                      onClick={() => run(() => client.presence.send({ session, to: jid, type: 'subscribe' }))}
                    >
                      Ask
                    </button>
                  )}
                  <button type="button" aria-label={`Remove ${shown(jid)}`} onClick={() => setRemoved(jid)}>
                    Remove
                  </button>
                </span>
              </div>
            )
          }}
        />
      )}
      {removed !== undefined && (
        <Confirm
          title={`Remove ${shown(removed)}?`}
          action={{ name: 'Remove', run: () => client.roster.remove({ session, jid: removed }) }}
          onDone={() => {
            people.remove(removed)
            setRemoved(undefined)
          }}
          onCancel={() => setRemoved(undefined)}
        >
          <p>Neither of you sees the other any more.</p>
        </Confirm>
      )}
    </div>
  )
}

function AddContact({ live: { account, id: session, people } }: { live: Live }) {
  const { given, set, field } = useFields({ jid: '', name: '', groups: '' })
  const { problem, isBusy, run } = useCall()
  const add = () =>
    run(async () => {
      const { client } = account
      const [jid, name] = [given.jid.trim(), given.name.trim()]
      const groups = listOf(given.groups)
      people.put(await client.roster.put({ session, jid, ...(name && { name }), groups }))
      await client.presence.send({ session, to: jid, type: 'subscribe' })
      set({ jid: '', name: '', groups: '' })
    })
  return (
    <form
      class="card"
      aria-label="New contact"
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      <div class="fields">
        {field('jid', 'JID', { required: true })}
        {field('name', 'Name')}
        {field('groups', 'Groups')}
        <button type="submit" disabled={isBusy}>
          Add contact
        </button>
      </div>
      <ProblemNote of={problem} />
    </form>
  )
}
