import { useEffect, useMemo } from 'preact/hooks'
import type { Account } from './account.ts'
import { Conversations } from './conversations.tsx'
import { EventsView } from './events-view.tsx'
import { createLive, type Live } from './live.ts'
import type { Link } from './log-reader.ts'
import { ProblemNote } from './problem-note.tsx'
import { RoomsView } from './rooms-view.tsx'
import { RosterView } from './roster-view.tsx'
import { go, hashOf, type Route, type Tab, tabs } from './route.ts'
import { SendView } from './send-view.tsx'
import { SettingsView } from './settings-view.tsx'
import { ageOf, shown } from './shown.ts'
import { StateMark } from './state-mark.tsx'

type SessionRoute = Extract<Route, { page: 'session' }>

const words: Readonly<Record<Tab, string>> = {
  conversations: 'Conversations',
  roster: 'Roster',
  rooms: 'Rooms',
  events: 'Events',
  send: 'Send',
  settings: 'Settings',
}

export function SessionPage({ account, route }: { account: Account; route: SessionRoute }) {
  const { id, tab } = route
  const live = useMemo(() => createLive(account, id), [account, id])
  useEffect(() => {
    live.start()
    return () => live.stop()
  }, [live])
  return (
    <main class="session">
      <Head live={live} />
      <ProblemNote of={live.problem.value} />
      <div role="tablist" aria-label="Session" class="tabs">
        {tabs.map((one) => (
          <a
            key={one}
            role="tab"
            id={`tab-${one}`}
            aria-selected={one === tab}
            aria-controls={one === tab ? `panel-${one}` : undefined}
            href={hashOf({ page: 'session', id, tab: one })}
            onKeyDown={(event) => moveAmong(event, id, one)}
            tabIndex={one === tab ? 0 : -1}
          >
            {words[one]}
          </a>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} class="panel">
        {tab === 'conversations' && <Conversations live={live} {...(route.with !== undefined && { peer: route.with })} />}
        {tab === 'roster' && <RosterView live={live} />}
        {tab === 'rooms' && <RoomsView live={live} {...(route.with !== undefined && { room: route.with })} />}
        {tab === 'events' && <EventsView live={live} />}
        {tab === 'settings' && <SettingsView live={live} />}
        {tab === 'send' && <SendView live={live} {...(route.with !== undefined && { operation: route.with })} />}
      </div>
    </main>
  )
}

function Head({ live }: { live: Live }) {
  const session = live.session.value
  if (session === undefined) return <h1>…</h1>
  const { id, jid, state, since, reason, instance, outbox, lastVerifiedAt } = session
  return (
    <div class="title">
      <h1>{shown(jid)}</h1>
      <StateMark state={state} since={since} />
      {reason !== undefined && <span class="warning">{shown(reason)}</span>}
      <LinkMark link={live.link.value} />
      <span class="soft wide">
        {shown(instance)} · outbox {outbox.length} · verified {ageOf(lastVerifiedAt) || 'not yet'}
      </span>
      <button type="button" onClick={() => navigator.clipboard?.writeText(id)} title={id}>
        Copy id
      </button>
    </div>
  )
}

const links: Readonly<Record<Link, string>> = {
  connecting: '◌ connecting',
  live: '● live',
  reconnecting: '◐ reconnecting',
  ended: '■ ended',
}

/** Of the page itself: whether what it shows is as new as the log. */
function LinkMark({ link }: { link: Link }) {
  return (
    <span class={`link link-${link}`} role="status" aria-label={`This page is ${link}`}>
      {links[link]}
    </span>
  )
}

/** Tabs are gone through by arrows (ARIA Authoring Practices, tabs). */
function moveAmong(event: KeyboardEvent, id: string, from: Tab): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const next = tabs[(tabs.indexOf(from) + step + tabs.length) % tabs.length] as Tab
  go({ page: 'session', id, tab: next })
  document.getElementById(`tab-${next}`)?.focus()
}
