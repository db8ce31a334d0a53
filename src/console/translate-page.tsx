import { useEffect, useState } from 'preact/hooks'
import type { Params } from '../client/client.ts'
import type { Account } from './account.ts'
import { ProblemNote } from './problem-note.tsx'

const FIRST = `<message to="juliet@example.com" type="chat" id="m1">
  <body>Art thou not Romeo, and a Montague?</body>
  <request xmlns="urn:xmpp:receipts"/>
</message>`

type Side = 'xml' | 'json'

/** A stanza as XML and as JSON, either way; nothing is sent to anybody. */
export function TranslatePage({ account: { client } }: { account: Account }) {
  const [texts, setTexts] = useState<Readonly<Record<Side, string>>>({ xml: FIRST, json: '' })
  const [problem, setProblem] = useState<{ side: Side; error: unknown } | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)

  async function translate(side: Side): Promise<void> {
    if (isBusy) return
    setBusy(true)
    setProblem(undefined)
    try {
      const { xml, json } = texts
      const other = side === 'xml' ? await client.translate({ xml }) : await client.translate(JSON.parse(json) as Params<'translate'>)
      const text = typeof other === 'string' ? other : JSON.stringify(other, undefined, 2)
      setTexts((before) => ({ ...before, [side === 'xml' ? 'json' : 'xml']: text }))
    } catch (error) {
      setProblem({ side, error })
    } finally {
      setBusy(false)
    }
  }
  useEffect(() => void translate('xml'), [])
  const pane = (side: Side, name: string, action: string) => (
    <form
      class="translated"
      onSubmit={(event) => {
        event.preventDefault()
        void translate(side)
      }}
    >
      <p class="title">
        <label for={side}>{name}</label>
        <span class="soft">{sizeOf(texts[side])}</span>
        <button type="submit" disabled={isBusy} title="Ctrl and Enter do it too">
          {action}
        </button>
      </p>
      <textarea
        id={side}
        class="code"
        spellcheck={false}
        aria-invalid={problem?.side === side}
        value={texts[side]}
        onInput={({ currentTarget }) => setTexts({ ...texts, [side]: currentTarget.value })}
        onKeyDown={({ key, ctrlKey, metaKey }) => {
          if (key === 'Enter' && (ctrlKey || metaKey)) void translate(side)
        }}
      />
      {problem?.side === side && <ProblemNote of={problem.error} />}
    </form>
  )
  return (
    <main>
      <div class="title">
        <h1>Translate</h1>
        <span class="soft">Any stanza, either way, as requests and events have it. Nothing is sent.</span>
      </div>
      <div class="halves">
        {pane('xml', 'XML', 'To JSON')}
        {pane('json', 'JSON', 'To XML')}
      </div>
    </main>
  )
}

const sizeOf = (text: string) => `${new TextEncoder().encode(text).length.toLocaleString()} bytes`
