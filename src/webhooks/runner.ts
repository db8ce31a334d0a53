/** The webhooks of the sessions that this instance owns: which reader there is, from when to when. */
import type { LiveSession } from '../gateway/contract/session.ts'
import type { StateChange } from '../gateway/ports/change.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Hook, Reader } from './hook.ts'
import { deadLetters, keptEvents, webhookPlaces, webhookTries } from './kinds.ts'
import { createReader, type ReaderContext } from './reader.ts'
import type { WebhookSet } from './webhook-set.ts'

export interface Runner {
  /** the session is this instance's from now on */
  taken(session: LiveSession): void
  /** It is not any more. Resolves when what is under way is over, or after so many ms. `ended`: what is left of it is sent all the same. */
  left(session: LiveSession, how: { within: number; ended: boolean }): Promise<void>
  /** a place was put into what the session knows: it is read from there */
  replay(session: LiveSession, hook: Hook, key: string): void
  /** nothing more begins; what is under way gets so many ms */
  stop(within: number): Promise<void>
}

interface Owned {
  session: LiveSession
  /** by the key of their place */
  readers: Map<string, Reader>
  unfollow: () => void
  unwatch: (() => void) | undefined
  /** what is left is sent, nothing else begins */
  hasEnded: boolean
}

export function createRunner({
  hooks,
  ...context
}: ReaderContext & { hooks: Pick<WebhookSet, 'follow'>; store: Pick<Store, 'log' | 'webhooks'> }): Runner {
  const owned = new Map<LiveSession, Owned>()
  /** sessions that have ended */
  const ended = new Set<Owned>()
  const isFor = ({ record }: Hook, { record: { id } }: LiveSession) => record.session === undefined || record.session === id

  function open(entry: Owned, hook: Hook, key: string): void {
    const { session, readers } = entry
    if (readers.has(key)) return
    const onDone = () => {
      readers.delete(key)
      if (entry.hasEnded && readers.size === 0) leave(entry)
    }
    const reader = createReader({ ...context, hook, session, key, onDone })
    readers.set(key, reader)
    entry.unwatch ??= context.store.log.watch(session.record.id, () => {
      for (const one of readers.values()) one.wake()
    })
    reader.wake()
  }

  /** nothing of it is left */
  function leave(entry: Owned): void {
    entry.unfollow()
    ended.delete(entry)
  }

  function close(entry: Owned, key: string): void {
    void entry.readers.get(key)?.stop(0)
    entry.readers.delete(key)
    if (entry.readers.size > 0) return
    entry.unwatch?.()
    entry.unwatch = undefined
    if (entry.hasEnded) leave(entry)
  }

  function changed(entry: Owned, all: ReadonlyMap<string, Hook>): void {
    const { session, readers } = entry
    for (const key of [...readers.keys()]) {
      const hook = all.get(webhookOf(key))
      if (hook === undefined || !isFor(hook, session)) close(entry, key)
    }
    for (const hook of entry.hasEnded ? [] : all.values()) {
      if (!isFor(hook, session)) continue
      open(entry, hook, hook.id)
      for (const [key] of session.state.all(webhookPlaces)) if (key.startsWith(`${hook.id}/`)) open(entry, hook, key)
    }
    for (const reader of readers.values()) reader.wake()
    if (!entry.hasEnded) forget(session, all)
  }

  /** What is known of webhooks that are gone, or are for other sessions now. */
  function forget(session: LiveSession, all: ReadonlyMap<string, Hook>): void {
    const isKnown = (key: string) => {
      const hook = all.get(webhookOf(key))
      return hook !== undefined && isFor(hook, session)
    }
    const state: StateChange[] = []
    for (const kind of [webhookPlaces, webhookTries, keptEvents, deadLetters])
      for (const key of session.state.all<unknown>(kind).keys()) if (!isKnown(key)) state.push(kind.remove(key))
    if (state.length > 0) session.commit({ state }).catch(() => {}) // the next owner does it
  }

  return {
    taken(session) {
      const entry: Owned = { session, readers: new Map(), unfollow: () => {}, unwatch: undefined, hasEnded: false }
      owned.set(session, entry)
      entry.unfollow = hooks.follow(session.record.tenant, (all) => changed(entry, all))
    },
    async left(session, how) {
      const entry = owned.get(session)
      if (entry === undefined) return
      owned.delete(session)
      entry.unwatch?.()
      const readers = [...entry.readers.values()]
      if (!how.ended || readers.length === 0) {
        entry.unfollow()
        await Promise.all(readers.map((reader) => reader.stop(how.within)))
        return
      }
      entry.hasEnded = true
      ended.add(entry)
      for (const reader of readers) reader.detach()
    },
    replay(session, hook, key) {
      const entry = owned.get(session)
      if (entry) open(entry, hook, key)
    },
    async stop(within) {
      const all = [...owned.values(), ...ended].flatMap(({ readers }) => [...readers.values()])
      await Promise.all(all.map((reader) => reader.stop(within)))
    },
  }
}

/** of the key of a place, of a try or of a dead letter */
const webhookOf = (key: string) => /^[^/ ]+/.exec(key)![0]
