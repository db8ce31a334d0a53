import type { NewSession } from '../client/client.ts'
import type { Account } from './account.ts'
import { ProblemNote } from './problem-note.tsx'
import { useCall } from './use-call.ts'
import { useFields } from './use-fields.tsx'

/** seconds that one waits for an account to be online */
const WAIT = 20

export function OpenSession({ account, onOpened, onClose }: { account: Account; onOpened: () => void; onClose: () => void }) {
  const { given, field } = useFields({ jid: '', password: '', service: '', resource: '', connections: '1' })
  const { problem, isBusy, run } = useCall()
  async function open(): Promise<void> {
    const { jid, password, service, resource, connections } = given
    const body: NewSession = {
      jid: jid.trim(),
      password,
      ...(service.trim() && { service: service.trim() }),
      ...(resource.trim() && { resource: resource.trim() }),
      ...(connections !== '1' && { connections: Number(connections) }),
    }
    await account.client.sessions.open({ ...body, wait: WAIT })
    onOpened()
    onClose()
  }
  return (
    <form
      class="card"
      aria-label="New account"
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        void run(open)
      }}
    >
      <div class="fields">
        {field('jid', 'JID', { required: true, autoFocus: true, placeholder: 'juliet@example.com' })}
        {field('password', 'Password', { type: 'password', autocomplete: 'new-password' })}
        {field('service', 'Service', { placeholder: 'looked up from the domain' })}
      </div>
      <details>
        <summary>Advanced</summary>
        <div class="fields">
          {field('resource', 'Resource', { placeholder: 'chosen by the gateway' })}
          {field('connections', 'Connections', { type: 'number', min: 1, max: 8 })}
        </div>
      </details>
      <p class="actions">
        <button type="submit" disabled={isBusy}>
          {isBusy ? 'Logging in …' : 'Log in'}
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
      <ProblemNote of={problem} />
    </form>
  )
}
