import { useEffect, useState } from 'preact/hooks'
import type { OperationId } from '../client/client.ts'
import { operations } from '../client/operations.ts'
import type { HttpRequest } from '../client/request.ts'
import { Answers } from './answers.tsx'
import { ASKED_MAX, type Asked, ask, curlOf, type Draft, requestOfDraft } from './asked.ts'
import type { Described, DescribedParameter } from './described.ts'
import type { Live } from './live.ts'
import { ProblemNote } from './problem-note.tsx'
import { go } from './route.ts'

const FIRST: OperationId = 'messages.send'

/** Any operation of the session, by hand: what goes out as text, and what comes back as it came. */
export function SendView({ live, operation = FIRST }: { live: Live; operation?: string }) {
  const [all, setAll] = useState<readonly Described[]>([])
  const [problem, setProblem] = useState<unknown>(undefined)
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({})
  const { asked, ask: send } = live.account
  // as large as a view, and so read where it is needed
  const load = () => void import('virtual:described').then(({ described }) => setAll(described), setProblem)
  useEffect(load, [])
  const described = all.find(({ id }) => id === operation) ?? all.find(({ id }) => id === FIRST)
  const pick = (id: string) => go({ page: 'session', id: live.id, tab: 'send', with: id })
  const put = (id: string, draft: Draft) => setDrafts((before) => ({ ...before, [id]: draft }))

  async function run(id: OperationId, draft: Draft, request: HttpRequest): Promise<void> {
    const key = (asked.peek()[0]?.key ?? 0) + 1
    const answer = await ask(send, { key, id, draft, request })
    asked.value = [answer, ...asked.peek()].slice(0, ASKED_MAX)
  }
  if (described === undefined) return <ProblemNote of={problem} again={load} />
  const draft = drafts[described.id] ?? { parameters: {}, body: described.examples[0]?.text ?? '' }
  return (
    <div class="halves">
      <section class="desk" aria-label="Request">
        <Choice all={all} chosen={described} onChosen={pick} />
        <Form
          key={described.id}
          session={live.id}
          described={described}
          draft={draft}
          onDraft={(changed) => put(described.id, changed)}
          onSend={(request) => run(described.id, draft, request)}
        />
      </section>
      <Answers
        asked={asked.value}
        onAgain={({ id, draft: same, request }: Asked) => run(id, same, request)}
        onEdit={({ id, draft: same }: Asked) => {
          put(id, same)
          pick(id)
        }}
      />
    </div>
  )
}

function Choice({ all, chosen, onChosen }: { all: readonly Described[]; chosen: Described; onChosen: (id: string) => void }) {
  const noun = ({ id }: Described) => id.split('.')[0] as string
  return (
    <div>
      <label for="operation">Operation</label>
      <select id="operation" value={chosen.id} onChange={({ currentTarget }) => onChosen(currentTarget.value)}>
        {[...new Set(all.map(noun))].toSorted().map((name) => (
          <optgroup key={name} label={name}>
            {all
              .filter((one) => noun(one) === name)
              .map(({ id, summary }) => (
                <option key={id} value={id}>
                  {id}: {summary}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </div>
  )
}

interface FormProps {
  session: string
  described: Described
  draft: Draft
  onDraft: (draft: Draft) => void
  onSend: (request: HttpRequest) => Promise<void>
}

function Form({ session, described: { id, parameters, examples }, draft, onDraft, onSend }: FormProps) {
  const [problem, setProblem] = useState<unknown>(undefined)
  const [isBusy, setBusy] = useState(false)
  const [method, path, , traits] = operations[id]
  const isDryRunnable = parameters.some(({ name }) => name === 'dryRun')

  async function made(of: Draft, then: (request: HttpRequest) => unknown): Promise<void> {
    setProblem(undefined)
    setBusy(true)
    try {
      await then(requestOfDraft(session, id, of))
    } catch (error) {
      setProblem(error instanceof TypeError || error instanceof SyntaxError ? new Error(error.message) : error)
    } finally {
      setBusy(false)
    }
  }
  const set = (name: string, value: string) => onDraft({ ...draft, parameters: { ...draft.parameters, [name]: value } })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void made(draft, onSend)
      }}
      onKeyDown={({ key, ctrlKey, metaKey, currentTarget }) => {
        if (key === 'Enter' && (ctrlKey || metaKey)) currentTarget.requestSubmit()
      }}
    >
      <p class="request-line">
        <b>{method}</b> <code>{path}</code>
      </p>
      {parameters.length > 0 && (
        <div class="fields">
          {parameters.map((one) => (
            <Parameter key={one.name} of={one} value={draft.parameters[one.name] ?? ''} onValue={(value) => set(one.name, value)} />
          ))}
        </div>
      )}
      {examples.length > 1 && (
        <div class="filters" role="group" aria-label="Examples">
          {examples.map(({ name, text }) => (
            <button
              key={name}
              type="button"
              class="chip small"
              aria-pressed={draft.body === text}
              onClick={() => onDraft({ ...draft, body: text })}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      {traits?.body && (
        <label class="body-text">
          Body
          <textarea
            spellcheck={false}
            rows={Math.min(24, Math.max(6, draft.body.split('\n').length + 1))}
            value={draft.body}
            onInput={({ currentTarget }) => onDraft({ ...draft, body: currentTarget.value })}
          />
        </label>
      )}
      {traits?.bytes && (
        <label>
          File
          <input type="file" required onChange={({ currentTarget }) => onDraft({ ...draft, file: currentTarget.files?.[0] })} />
        </label>
      )}
      <ProblemNote of={problem} />
      <p class="actions">
        <button type="submit" disabled={isBusy} title="Ctrl and Enter do it too">
          {isBusy ? 'Sending …' : 'Send'}
        </button>
        {isDryRunnable && (
          <button
            type="button"
            disabled={isBusy}
            title="Nothing is sent: the gateway answers what it would send"
            onClick={() => made({ ...draft, parameters: { ...draft.parameters, dryRun: 'true' } }, onSend)}
          >
            Show the XML
          </button>
        )}
        <button type="button" onClick={() => made(draft, (request) => navigator.clipboard?.writeText(curlOf(request)))}>
          Copy as curl
        </button>
      </p>
    </form>
  )
}

interface ParameterProps {
  of: DescribedParameter
  value: string
  onValue: (value: string) => void
}

function Parameter({ of: { name, isRequired, description, values, example }, value, onValue }: ParameterProps) {
  const change = ({ currentTarget }: { currentTarget: { value: string } }) => onValue(currentTarget.value)
  const given = { required: isRequired === true, value, name, id: `parameter-${name}` }
  return (
    <div class="parameter" title={description}>
      <label for={given.id}>{name}</label>
      {values === undefined ? (
        <input autocomplete="off" spellcheck={false} placeholder={example} onInput={change} {...given} />
      ) : (
        <select onChange={change} {...given}>
          <option value="" />
          {values.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </div>
  )
}
