import { account, unread } from '../contract/account.ts'
import type { SessionJson } from '../contract/session-json.ts'
import type { Change } from '../ports/change.ts'
import type { SessionRecord, SessionStatus } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import type { Connections } from './connections.ts'
import type { Mirror } from './mirror.ts'
import type { States } from './status.ts'
import { sessionView } from './view.ts'

/** The session as others see it, and the events that tell them of its changes. */
export interface Announcer {
  status(): SessionStatus
  view(): Promise<SessionJson>
  /** Every change is told in order, after its view was made. `type`: of its event; undefined: no event tells it. */
  announce(type: string | undefined): void
  /** resolves when all that was announced is stored */
  announced(): Promise<void>
}

export function createAnnouncer({
  id,
  record,
  instance,
  states,
  connections,
  mirror,
  store,
  commit,
  onError,
}: {
  id: string
  record: () => SessionRecord
  instance: string
  states: Pick<States, 'status'>
  connections: Pick<Connections, 'status'>
  mirror: Mirror
  store: Pick<Store, 'outbox'>
  commit: (change: Change) => Promise<unknown>
  onError: (error: unknown) => void
}): Announcer {
  let last = Promise.resolve()

  function status(): SessionStatus {
    return { ...states.status(), instance, connections: connections.status(), unread: unread.of(mirror.all(account)) ?? {} }
  }

  const view = async () => sessionView(record(), status(), await store.outbox.size(id))

  return {
    status,
    view,
    announce(type) {
      last = last
        .then(async () => {
          const change: Change = { status: status() }
          if (type) change.events = [{ type, subject: id, data: await view() }]
          await commit(change)
        })
        .catch(onError)
    },
    announced: () => last,
  }
}
