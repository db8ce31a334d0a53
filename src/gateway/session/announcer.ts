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

export const createAnnouncer = (context: AnnouncerContext): Announcer => new SessionAnnouncer(context)

interface AnnouncerContext {
  id: string
  record: () => SessionRecord
  instance: string
  states: Pick<States, 'status'>
  connections: Pick<Connections, 'status'>
  mirror: Mirror
  store: Pick<Store, 'outbox'>
  commit: (change: Change) => Promise<unknown>
  onError: (error: unknown) => void
}

/** A class because each session has one, and there are thousands of sessions. */
class SessionAnnouncer implements Announcer {
  readonly #context: AnnouncerContext
  /** undefined: nothing is on its way */
  #last: Promise<void> | undefined

  constructor(context: AnnouncerContext) {
    this.#context = context
  }

  status(): SessionStatus {
    const { states, instance, connections, mirror } = this.#context
    return { ...states.status(), instance, connections: connections.status(), unread: unread.of(mirror.all(account)) ?? {} }
  }

  async view(): Promise<SessionJson> {
    const { id, record, store } = this.#context
    return sessionView(record(), this.status(), await store.outbox.size(id))
  }

  announce(type: string | undefined): void {
    const told = (this.#last ?? Promise.resolve()).then(() => this.#tell(type)).catch(this.#context.onError)
    this.#last = told
    void told.then(() => {
      if (this.#last === told) this.#last = undefined
    })
  }

  async announced(): Promise<void> {
    await this.#last
  }

  async #tell(type: string | undefined): Promise<void> {
    const { id, commit } = this.#context
    const change: Change = { status: this.status() }
    if (type) change.events = [{ type, subject: id, data: await this.view() }]
    await commit(change)
  }
}
