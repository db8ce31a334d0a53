import type { LogPage, Store, StoredEvent } from '../gateway/ports.ts'
import { envelope } from './registry.ts'

/** Events read from a log at a time. */
const PAGE = 200
/** Pages of a session that are kept while they can be of use to its other readers. */
const PAGES_KEPT = 16

/** An event as it is sent, made once for all readers of a session. */
export interface Frame {
  event: StoredEvent
  /** the CloudEvent as JSON */
  readonly text: string
  readonly bytes: Buffer
}

export interface TailPage {
  /** of the tail when the read began: give it to `changed` */
  version: number
  frames: readonly Frame[]
  next: string
  end: boolean
  gap?: LogPage['gap']
}

/** The log of one session as its readers share it: a page that all of them need is read and serialised once. */
export interface Tail {
  /** raised by each wake */
  readonly version: number
  read(after: string | undefined): Promise<TailPage>
  /** Resolves when the log may have grown since `version`, after `ms`, or on abort; never rejects */
  changed(version: number, options: { ms?: number | undefined; signal: AbortSignal }): Promise<void>
  /** to be called once by each who opened it */
  release(): void
}

export interface Tails {
  open(session: string): Tail
}

export function createTails(log: Pick<Store['log'], 'read' | 'watch'>): Tails {
  const tails = new Map<string, { tail: Tail; readers: number; stop: () => void }>()

  return {
    open(session) {
      const known = tails.get(session)
      if (known) {
        known.readers += 1
        return known.tail
      }
      let version = 0
      const waiting = new Set<() => void>()
      const pages = new Map<string, { version: number; page: Promise<TailPage>; isFull: boolean }>()
      const stop = log.watch(session, () => {
        version += 1
        for (const wake of [...waiting]) wake()
      })

      const tail: Tail = {
        get version() {
          return version
        },
        read(after) {
          const key = after ?? ''
          const known = pages.get(key)
          if (known && (known.isFull || known.version === version)) return known.page
          const entry = { version, page: load(after, version), isFull: false }
          const forget = () => {
            if (pages.get(key) === entry) pages.delete(key)
          }
          pages.set(key, entry)
          entry.page.then(
            // an empty page is true for a moment only, a page with events for ever
            ({ frames, gap }) => {
              entry.isFull = frames.length > 0 && !gap && after !== undefined
              if (!entry.isFull) forget()
            },
            forget,
          )
          const [oldest] = pages.keys()
          if (pages.size > PAGES_KEPT && oldest !== undefined) pages.delete(oldest)
          return entry.page
        },
        changed: (seen, { ms, signal }) =>
          new Promise((resolve) => {
            if (seen !== version || signal.aborted) return resolve()
            const done = () => {
              waiting.delete(done)
              clearTimeout(timer)
              signal.removeEventListener('abort', done)
              resolve()
            }
            const timer = ms === undefined ? undefined : setTimeout(done, ms)
            waiting.add(done)
            signal.addEventListener('abort', done)
          }),
        release() {
          const entry = tails.get(session)
          if (entry?.tail !== tail) return
          entry.readers -= 1
          if (entry.readers > 0) return
          tails.delete(session)
          entry.stop()
        },
      }

      async function load(after: string | undefined, version: number): Promise<TailPage> {
        const { events, next, end, gap } = await log.read(session, after, PAGE)
        return { version, frames: events.map((event) => createFrame(event, session)), next, end, ...(gap && { gap }) }
      }

      tails.set(session, { tail, readers: 1, stop })
      return tail
    },
  }
}

/** Serialised when the first reader needs it, and never again. */
export function createFrame(event: StoredEvent, session: string): Frame {
  let text: string | undefined
  let bytes: Buffer | undefined
  return {
    event,
    get text() {
      text ??= JSON.stringify(envelope(event, session))
      return text
    },
    get bytes() {
      bytes ??= Buffer.from(this.text)
      return bytes
    },
  }
}
