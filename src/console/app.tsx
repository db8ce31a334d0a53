import { useEffect, useState } from 'preact/hooks'
import { type Account, signIn } from './account.ts'
import { kept } from './kept-token.ts'
import { KeyList } from './key-list.tsx'
import { RecordPage } from './record-page.tsx'
import { go, hashOf, type Route, routeOf } from './route.ts'
import { SearchBox } from './search-box.tsx'
import { SessionList } from './session-list.tsx'
import { SessionPage } from './session-page.tsx'
import { shown } from './shown.ts'
import { SignIn } from './sign-in.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import { TranslatePage } from './translate-page.tsx'
import { useKeys } from './use-keys.ts'
import { WebhookList } from './webhook-list.tsx'
import { WebhookPage } from './webhook-page.tsx'

/** ms without a key or a pointer after which the page asks for the token again */
const IDLE_MAX = 30 * 60_000

export function App() {
  const [account, setAccount] = useState<Account | undefined>(undefined)
  const [why, setWhy] = useState('')
  const route = useRoute()
  function signOut(reason = ''): void {
    kept.drop()
    setWhy(reason)
    setAccount(undefined)
  }
  const onRefused = () => signOut('The token is not taken any more.')
  useEffect(() => {
    const token = kept.get()
    if (token !== null) signIn(token, onRefused).then(setAccount, () => kept.drop())
  }, [])
  useIdle(account !== undefined, () => signOut('You were signed out after half an hour without a key or a click.'))
  if (account === undefined) return <SignIn why={why} onSignedIn={setAccount} onRefused={onRefused} />
  return (
    <div class="shell">
      <Bar account={account} route={route} onSignOut={() => signOut()} />
      <Page account={account} route={route} />
    </div>
  )
}

function Page({ account, route }: { account: Account; route: Route }) {
  const { session } = account.me
  // a session token sees its session alone
  if (session !== undefined && ['sessions', 'webhooks', 'webhook'].includes(route.page)) {
    return <SessionPage key={session} account={account} route={{ page: 'session', id: session, tab: 'conversations' }} />
  }
  switch (route.page) {
    case 'session':
      return <SessionPage key={route.id} account={account} route={route} />
    case 'webhooks':
      return <WebhookList account={account} />
    case 'webhook':
      return <WebhookPage key={route.id} account={account} id={route.id} />
    case 'message':
      return <RecordPage key={route.id} account={account} id={route.id} />
    case 'translate':
      return <TranslatePage account={account} />
    default:
      return <SessionList account={account} />
  }
}

function Bar({ account: { me }, route, onSignOut }: { account: Account; route: Route; onSignOut: () => void }) {
  const link = (name: string, to: Route, pages: readonly Route['page'][]) => (
    <a href={hashOf(to)} aria-current={pages.includes(route.page) ? 'page' : undefined}>
      {name}
    </a>
  )
  const [isHelping, setHelping] = useState(false)
  useKeys({
    's g': () => go({ page: 'sessions' }),
    'w g': () => go({ page: 'webhooks' }),
    't g': () => go({ page: 'translate' }),
    '/': () => (document.querySelector<HTMLElement>('main [data-search]') ?? document.querySelector<HTMLElement>('[data-search]'))?.focus(),
    '?': () => setHelping(true),
    m: () => document.querySelector<HTMLElement>('[data-compose]')?.focus(),
  })
  return (
    <header>
      <strong>stanzagate</strong>
      <span class="soft" title={`Version ${me.version}, instance ${me.instance}`}>
        {shown(me.tenant)}
      </span>
      <nav aria-label="Console">
        {me.session === undefined
          ? link('Sessions', { page: 'sessions' }, ['sessions', 'session'])
          : link('Session', { page: 'session', id: me.session, tab: 'conversations' }, ['session'])}
        {me.session === undefined && link('Webhooks', { page: 'webhooks' }, ['webhooks', 'webhook'])}
        {link('Translate', { page: 'translate' }, ['translate'])}
        <a href="docs" target="_blank" rel="noopener">
          Docs
        </a>
      </nav>
      <SearchBox />
      <button type="button" class="icon" aria-label="Keys" title="Keys: ?" onClick={() => setHelping(true)}>
        ?
      </button>
      {isHelping && <KeyList onClose={() => setHelping(false)} />}
      <ThemeSwitch />
      <button type="button" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  )
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = () => setHash(location.hash)
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return routeOf(hash)
}

function useIdle(isOn: boolean, onIdle: () => void): void {
  useEffect(() => {
    if (!isOn) return
    let last = Date.now()
    const seen = () => {
      last = Date.now()
    }
    const timer = setInterval(() => {
      if (Date.now() - last > IDLE_MAX) onIdle()
    }, 10_000)
    const kinds = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const
    for (const kind of kinds) addEventListener(kind, seen, { passive: true })
    return () => {
      clearInterval(timer)
      for (const kind of kinds) removeEventListener(kind, seen)
    }
  }, [isOn])
}
