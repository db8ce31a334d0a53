import { StanzagateProblem } from '../client/client.ts'
import { shown } from './shown.ts'

/** What went wrong, as the gateway says it. */
export function ProblemNote({ of: error, again }: { of: unknown; again?: (() => void) | undefined }) {
  if (error === undefined) return null
  if (!(error instanceof StanzagateProblem)) {
    const text = error instanceof Error ? error.message : String(error)
    return (
      <div class="problem" role="alert">
        <p>{error instanceof TypeError ? 'The gateway cannot be reached.' : shown(text)}</p>
        {again && <Again again={again} />}
      </div>
    )
  }
  const { code, detail, errors, xmpp, requestId, retryAfter } = error
  return (
    <div class="problem" role="alert">
      <p>{shown(detail)}</p>
      {errors.map(({ path, message }) => (
        <p key={path}>
          <code>{shown(path)}</code> {shown(message)}
        </p>
      ))}
      {xmpp && (
        <p>
          The XMPP server said <code>{xmpp.condition}</code>
          {xmpp.text ? `: ${shown(xmpp.text)}` : ''}
        </p>
      )}
      <p class="soft">
        <code>{code}</code>
        {requestId && <span> · {requestId}</span>}
        {retryAfter !== undefined && <span> · try again in {retryAfter} s</span>}
      </p>
      {again && <Again again={again} />}
    </div>
  )
}

const Again = ({ again }: { again: () => void }) => (
  <button type="button" onClick={again}>
    Try again
  </button>
)
