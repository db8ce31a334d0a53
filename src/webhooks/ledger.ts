/** What one reader writes: its place and tries under the session, and rows of its deliveries. One write at a time; what comes meanwhile goes with the next. */
import { hash } from 'node:crypto'
import type { LiveSession } from '../gateway/contract/session.ts'
import type { StateChange } from '../gateway/ports/change.ts'
import type { DeliveryAttempt, DeliveryRow, WebhookStore } from '../gateway/ports/webhook.ts'
import type { Backlog, Item } from './backlog.ts'
import type { Hook } from './hook.ts'
import { deadLetters, keptEvents, keyOfTry, type WebhookPlace, webhookPlaces, webhookTries } from './kinds.ts'

/** attempts that a row tells */
const ATTEMPTS = 10

export interface Ledger {
  /** the place moved, by an event or past events that are not wanted */
  moved(): void
  /** an event waits on the side, and when it is due */
  tries(item: Item): void
  /** the log forgets it before it is due: it is kept */
  keep(item: Item, text: string): void
  /** it does not wait any more */
  over(item: Item): void
  dead(item: Item): void
  /** a dead letter arrived after all */
  alive(item: Item): void
  /** the row of an event, after a try */
  row(item: Item, attempt: DeliveryAttempt, state: DeliveryRow['state']): void
  /** resolves when all of that is written, or cannot be any more */
  flush(): Promise<void>
  /** the reader is done: nothing of it is left */
  remove(): void
}

export const deliveryId = (key: string, event: string) => `dlv_${hash('sha256', `${key} ${event}`, 'base64url').slice(0, 22)}`

export function createLedger({
  key,
  hook,
  session,
  backlog,
  replay,
  webhooks,
  writable,
}: {
  key: string
  hook: Hook
  session: LiveSession
  backlog: Backlog
  replay: WebhookPlace['replay']
  webhooks: Pick<WebhookStore, 'tell' | 'row'>
  /** false: the session has ended, and has no state any more */
  writable: () => boolean
}): Ledger {
  const changes = new Map<string, StateChange>()
  const rows = new Map<string, DeliveryRow>()
  let last: { at: number; status?: number } | undefined
  let hasMoved = false
  let isRemoved = false
  let running: Promise<void> | undefined

  const put = (change: StateChange) => {
    changes.set(`${change.kind} ${change.key}`, change)
    run()
  }

  function run(): void {
    running ??= write().finally(() => {
      running = undefined
      if (hasMoved || changes.size > 0 || last !== undefined) run()
    })
  }

  async function write(): Promise<void> {
    // what happens in one turn goes together
    await Promise.resolve()
    const state = [...changes.values()]
    if (isRemoved) state.push(webhookPlaces.remove(key))
    else if (hasMoved) state.push(webhookPlaces.put(key, place()))
    const told = [...rows.values()]
    const at = last
    hasMoved = false
    last = undefined
    changes.clear()
    rows.clear()
    const isOurs = await stored(state)
    // the rows of one who has the session no more would stand for those of its owner
    if (isOurs && at) await webhooks.tell(hook.tenant, hook.id, told, at).catch(() => {}) // they are only told
  }

  /** false: another owner goes on from what it knows */
  async function stored(state: StateChange[]): Promise<boolean> {
    if (state.length === 0 || !writable()) return true
    return await session.commit({ state }).then(
      () => true,
      () => false,
    )
  }

  function place(): WebhookPlace {
    const done = backlog.done()
    const after = backlog.place
    return { ...(after !== undefined && { after }), ...(done.length > 0 && { done }), ...(replay && { replay }) }
  }

  const ofDead = replay !== undefined && 'dead' in replay
  const rowId = (event: string) => deliveryId(ofDead ? hook.id : key, event)

  return {
    moved() {
      hasMoved = true
      run()
    },
    tries(item) {
      const { type, time, before, firstTryAt = 0, tries, due, text } = item
      put(
        webhookTries.put(keyOfTry(key, item.id), {
          type,
          ...(time !== undefined && { time }),
          before,
          firstTryAt,
          tries,
          due,
          ...(item.isOwn && text !== undefined && { text }),
        }),
      )
    },
    keep(item, text) {
      item.isKept = true
      put(keptEvents.put(keyOfTry(key, item.id), text))
    },
    over(item) {
      put(webhookTries.remove(keyOfTry(key, item.id)))
      if (item.isKept) put(keptEvents.remove(keyOfTry(key, item.id)))
    },
    dead({ id, type, before, text }) {
      put(deadLetters.put(keyOfTry(hook.id, id), { type, before, ...(text !== undefined && { text }) }))
    },
    alive: (item) => put(deadLetters.remove(keyOfTry(hook.id, item.id))),
    row(item, attempt, state) {
      const { id, type, before, firstTryAt = attempt.at, due } = item
      item.attempts = [...(item.attempts ?? []), attempt].slice(-ATTEMPTS)
      const row: DeliveryRow = {
        id: rowId(id),
        event: { id, type, session: session.record.id },
        state,
        attempts: item.attempts,
        firstTryAt,
        ...(state === 'pending' && { nextTry: due }),
        ...(replay && 'until' in replay && { replayOf: replay.of ?? deliveryId(hook.id, id) }),
        before,
      }
      rows.set(row.id, row)
      last = { at: attempt.at, ...(attempt.status !== undefined && { status: attempt.status }) }
      run()
    },
    async flush() {
      while (running) await running
    },
    remove() {
      isRemoved = true
      hasMoved = true
      run()
    },
  }
}
