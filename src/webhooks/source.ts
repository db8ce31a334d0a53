/** Where the events of one webhook and one session come from: the log from a place on, dead letters, and what was kept of tries. */
import { hash } from 'node:crypto'
import { traceOf } from '../api/trace.ts'
import { cursorOf } from '../events/cursor.ts'
import { createFrame } from '../events/frame.ts'
import type { TailPage, Tails } from '../events/tail.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Trace } from '../gateway/ports/tracing.ts'
import { type Backlog, createBacklog, type Item } from './backlog.ts'
import type { Hook } from './hook.ts'
import { deadLetters, keptEvents, keyOfTry, lettersOf, webhookPlaces, webhookTries } from './kinds.ts'

/** events read at one time */
const PAGE = 64
/** events of a session that has ended which are kept for a webhook */
const ENDED_MAX = 1_000

/** An event as it is sent. */
export interface Told {
  /** the CloudEvent */
  text: string
  trace?: Trace | undefined
}

export interface Source {
  /** what there was when an owner before left it, and where it is now */
  open(): Promise<Backlog>
  /** Reads on: how many events that was, how many of them are wanted, and whether nothing is left to be read, now or ever. */
  read(backlog: Backlog): Promise<{ passed: number; wanted: number; atEnd: boolean; isWhole: boolean }>
  /** One that waited; undefined: the log has forgotten it. */
  told(item: Item): Promise<Told | undefined>
  /** all that is left, since the log goes */
  keepRest(backlog: Backlog): Promise<void>
}

export function createSource({
  hook,
  session,
  key,
  tails,
  log,
  clock,
}: {
  hook: Hook
  session: LiveSession
  key: string
  tails: Pick<Tails, 'read'>
  log: Pick<Store['log'], 'since'>
  clock: Clock
}): Source {
  const of = { session: session.record.id, tenant: session.record.tenant }
  const { replay } = session.state.get(webhookPlaces, key) ?? {}
  const until = replay && 'until' in replay ? replay.until : undefined
  /** one delivery that is told again is wanted, whatever the webhook wants by now */
  const wants = (item: Item) => (replay && 'of' in replay) || hook.wants(item)
  const page = (after: string | undefined, limit: number) => tails.read(of, after === undefined ? undefined : cursorOf(after), limit)

  async function start(): Promise<string | undefined> {
    const kept = session.state.get(webhookPlaces, key)
    if (kept) return kept.after
    const { after, startsAt, createdAt } = hook.record
    return after ?? (await log.since(of.session, startsAt ?? createdAt))
  }

  function itemsOf({ frames, gap }: Omit<TailPage, 'version'>, after: string | undefined): Item[] {
    const items: Item[] = gap ? [gapOf(gap)] : []
    let before = gap?.to ?? after ?? '0'
    for (const frame of frames) {
      const { id, type, time, trace } = frame.event
      items.push({ id, type, time, before, text: frame.text, trace, tries: 0, due: 0 })
      before = id
      if (id === until) break
    }
    return items
  }

  /** A gap in the log, told like an event of it; whoever tells it anew tells it under the same id. */
  function gapOf(gap: NonNullable<TailPage['gap']>): Item {
    const id = `${gap.to}-${hash('sha256', JSON.stringify(gap)).slice(0, 18)}`
    const { text } = createFrame({ id, type: 'events.gap', time: clock.now(), data: gap }, of.session)
    return { id, type: 'events.gap', before: gap.from, text, tries: 0, due: 0, isOwn: true }
  }

  function letters(dead: string | true): Item[] {
    const prefix = `${hook.id} `
    return lettersOf(session.state, hook.id, dead).map(([name, { type, before }]) => {
      return { id: name.slice(prefix.length), type, before, tries: 0, due: 0 }
    })
  }

  async function told({ id, before, text, trace }: Item): Promise<Told | undefined> {
    if (text !== undefined) return { text, trace }
    const { state } = session
    const kept = state.get(keptEvents, keyOfTry(key, id)) ?? state.get(deadLetters, keyOfTry(hook.id, id))?.text
    if (kept !== undefined) return { text: kept, trace: traceOf(JSON.parse(kept)) }
    const [frame] = (await page(before, 1)).frames
    return frame?.event.id === id ? { text: frame.text, trace: frame.event.trace } : undefined
  }

  return {
    async open() {
      const backlog = createBacklog({ after: await start(), done: session.state.get(webhookPlaces, key)?.done ?? [] })
      const tries = [...session.state.all(webhookTries)].filter(([name]) => name.startsWith(`${key} `))
      for (const [name, item] of tries.sort(([, one], [, other]) => one.firstTryAt - other.firstTryAt)) {
        const isKept = session.state.get(keptEvents, name) !== undefined
        backlog.wait({ ...item, id: name.slice(key.length + 1), isOwn: item.text !== undefined, isKept })
      }
      if (replay && 'dead' in replay) backlog.add(letters(replay.dead), '')
      return backlog
    },

    async read(backlog) {
      const read = await page(backlog.read, PAGE)
      const items = itemsOf(read, backlog.read)
      const wanted = items.filter(wants)
      backlog.add(wanted, read.next)
      const isWhole = until !== undefined && (read.end || items.at(-1)?.id === until)
      return { passed: items.length, wanted: wanted.length, atEnd: read.end, isWhole }
    },

    told,

    async keepRest(backlog) {
      for (const item of backlog.side.values()) Object.assign(item, await told(item))
      for (let kept = 0, end = false; !end && kept < ENDED_MAX; ) {
        const read = await page(backlog.read, PAGE)
        const wanted = itemsOf(read, backlog.read).filter(wants)
        backlog.add(wanted, read.next)
        kept += wanted.length
        end = read.end
      }
    },
  }
}
