import { useState } from 'preact/hooks'
import type { Asked } from './asked.ts'
import { shown, timeOf } from './shown.ts'

interface AnswersProps {
  asked: readonly Asked[]
  onAgain: (one: Asked) => Promise<void>
  onEdit: (one: Asked) => void
}

/** What came back, the last first. */
export function Answers({ asked, onAgain, onEdit }: AnswersProps) {
  return (
    <section class="answers" aria-label="Answers">
      {asked.length === 0 && (
        <p class="empty">
          The answer comes here: its status, how long it took, and what it says. What you send is kept until you sign out, to be sent again.
        </p>
      )}
      {asked.map((one, index) => (
        <Answer key={one.key} of={one} isLast={index === 0} onAgain={onAgain} onEdit={onEdit} />
      ))}
    </section>
  )
}

interface AnswerProps extends Omit<AnswersProps, 'asked'> {
  of: Asked
  isLast: boolean
}

function Answer({ of, isLast, onAgain, onEdit }: AnswerProps) {
  const [isBusy, setBusy] = useState(false)
  const { id, request, at, took, status, headers, body } = of
  return (
    <details class="answer" open={isLast}>
      <summary>
        <b class={status !== undefined && status < 400 ? 'answer-good' : 'answer-bad'}>{status ?? 'no answer'}</b> <span>{id}</span>{' '}
        <span class="soft">
          {took < 10 ? took.toFixed(1) : Math.round(took)} ms · {timeOf(at)}
        </span>
      </summary>
      <p class="soft">
        {request.method} <code>{shown(request.target)}</code>
      </p>
      {body !== '' && <pre class="block">{body}</pre>}
      {headers.length > 0 && (
        <details>
          <summary class="soft">Headers</summary>
          <pre>{headers.map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>
        </details>
      )}
      {typeof request.body === 'string' && (
        <details>
          <summary class="soft">What was sent</summary>
          <pre>{request.body}</pre>
        </details>
      )}
      <p class="actions">
        <button
          type="button"
          class="small"
          disabled={isBusy}
          onClick={() => {
            setBusy(true)
            void onAgain(of).finally(() => setBusy(false))
          }}
        >
          Send again
        </button>
        <button type="button" class="small" onClick={() => onEdit(of)}>
          Edit
        </button>
        <button type="button" class="small" onClick={() => navigator.clipboard?.writeText(body)}>
          Copy answer
        </button>
      </p>
    </details>
  )
}
