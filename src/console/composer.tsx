import { useState } from 'preact/hooks'
import type { Live } from './live.ts'
import { ProblemNote } from './problem-note.tsx'

interface Draft {
  /** the same for each try, so that the message is sent once whatever became of the first */
  key: string
  to: string
  body: string
  problem?: unknown
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Writes to somebody. What is not answered yet stays here; the line appears when the gateway has it. */
export function Composer({ live, peer, onSent }: { live: Live; peer: string | undefined; onSent: (to: string) => void }) {
  const [to, setTo] = useState('')
  const [body, setBody] = useState('')
  const [drafts, setDrafts] = useState<readonly Draft[]>([])
  const without = (all: readonly Draft[], { key }: Draft) => all.filter((one) => one.key !== key)

  async function send(draft: Draft): Promise<void> {
    const { key, to, body } = draft
    setDrafts((all) => [...without(all, draft), { key, to, body }])
    try {
      const { client } = live.account
      // a room would answer with as many receipts as it has people (XEP-0184, section 5.3)
      const isToRoom = live.rooms.all.has(to)
      const asked = isToRoom ? {} : ({ receipt: { type: 'request' }, marker: { type: 'markable' } } as const)
      const answer = await client.messages.send({ session: live.id, to, body, ...asked, idempotencyKey: key })
      live.chats.sent(to, body, answer)
      setDrafts((all) => without(all, draft))
      if (peer === undefined) onSent(to)
    } catch (problem) {
      setDrafts((all) => all.map((one) => (one.key === key ? { ...one, problem } : one)))
    }
  }
  function submit(): void {
    const target = peer ?? to.trim()
    if (body.trim() === '' || target === '') return
    setBody('')
    void send({ key: newKey(), to: target, body })
  }
  return (
    <div class="composer">
      {drafts.map((draft) => (
        <div key={draft.key} class="draft">
          <span class="soft">{draft.problem === undefined ? 'Sending' : 'Not known to be sent'}:</span> {draft.body.slice(0, 200)}
          <ProblemNote of={draft.problem} />
          {draft.problem !== undefined && (
            <p class="actions">
              <button type="button" onClick={() => send(draft)} title="With the same Idempotency-Key: it is sent once">
                Retry
              </button>
              <button type="button" onClick={() => setDrafts((all) => without(all, draft))}>
                Discard
              </button>
            </p>
          )}
        </div>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {peer === undefined && (
          <label>
            To
            <input
              autocomplete="off"
              spellcheck={false}
              required
              placeholder="romeo@example.net"
              value={to}
              onInput={({ currentTarget }) => setTo(currentTarget.value)}
            />
          </label>
        )}
        <label class="grow">
          Message
          <textarea
            data-compose
            rows={1}
            value={body}
            onInput={({ currentTarget }) => setBody(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
              event.preventDefault()
              submit()
            }}
          />
        </label>
        <button type="submit">Send</button>
      </form>
    </div>
  )
}
