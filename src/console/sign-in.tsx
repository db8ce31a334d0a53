import { useState } from 'preact/hooks'
import { type Account, signIn } from './account.ts'
import { kept } from './kept-token.ts'
import { ProblemNote } from './problem-note.tsx'
import { useCall } from './use-call.ts'

export function SignIn({ why, onSignedIn, onRefused }: { why: string; onSignedIn: (account: Account) => void; onRefused: () => void }) {
  const [token, setToken] = useState('')
  const [isKept, setKept] = useState(false)
  const { problem, isBusy, run } = useCall()
  const submit = () =>
    run(async () => {
      const account = await signIn(token.trim(), onRefused)
      if (isKept) kept.put(token.trim())
      onSignedIn(account)
    })
  return (
    <main class="sign-in">
      <h1>stanzagate</h1>
      {why !== '' && <p role="status">{why}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <label>
          API key or session token
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            // biome-ignore lint/a11y/noAutofocus: there is nothing else to do here
            autoFocus
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={isKept} onChange={({ currentTarget }) => setKept(currentTarget.checked)} />
          Keep until this tab is closed
        </label>
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
      </form>
      <ProblemNote of={problem} />
      <p class="soft">
        It is the one that your programs use, <code>sgk_…</code> or <code>sgs_…</code>. It stays in this page and goes to this gateway
        alone.
      </p>
    </main>
  )
}
