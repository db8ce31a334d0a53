import { createTurns } from '../fair/turns.ts'
import type { LogPage } from '../gateway/ports/event.ts'
import type { Store } from '../gateway/ports/store.ts'
import { createFrame, type Frame, sizeOf } from './frame.ts'

/** Events read from a log at a time, at most: the store gives fewer where they are large. */
const PAGE = 200
/** Pages of a session that are kept while they can be of use to its other readers. */
const PAGES_KEPT = 16
/** bytes of the kept pages of all sessions; beyond, the oldest are read again */
const PAGES_BYTES = 16 * 1024 * 1024
/** ms of one turn of the event loop that reading logs may take, beside requests */
const READING_MAX = 20

export interface TailPage {
  /** of the tail when the read began: give it to `changed` */
  version: number
  frames: readonly Frame[]
  next: string
  end: boolean
  gap?: LogPage['gap']
}

/** The log of one session as one of its readers sees it: a page that several need is read and serialised once. */
export interface Tail {
  /** raised by each wake */
  readonly version: number
  read(after: string | undefined): Promise<TailPage>
  /** Resolves when the log may have grown since `version`, after `ms`, or by `wake`; never rejects. */
  changed(version: number, ms?: number): Promise<void>
  /** ends this reader's wait */
  wake(): void
  release(): void
}

/** Whose log it is: reading takes turns between tenants. */
export interface LogOf {
  session: string
  tenant: string
}

export interface Tails {
  open(log: LogOf): Tail
  /** one page, for a reader that does not wait for more */
  read(log: LogOf, after: string | undefined, limit: number): Promise<Omit<TailPage, 'version'>>
}

interface Entry {
  version: number
  page: Promise<TailPage>
  isFull: boolean
  forget: () => void
}

interface Shared {
  version: number
  readers: Set<() => void>
  pages: Map<string, Entry>
  stop: () => void
}

export function createTails({ log }: { log: Pick<Store['log'], 'read' | 'watch'> }): Tails {
  const turns = createTurns({ most: READING_MAX })
  const sessions = new Map<string, Shared>()
  /** kept pages with their bytes, the oldest first */
  const kept = new Map<Entry, number>()
  let bytes = 0

  function share(session: string): Shared {
    const known = sessions.get(session)
    if (known) return known
    const shared: Shared = { version: 0, readers: new Set(), pages: new Map(), stop: () => {} }
    shared.stop = log.watch(session, () => {
      shared.version += 1
      for (const wake of shared.readers) wake()
    })
    sessions.set(session, shared)
    return shared
  }

  async function load({ session, tenant }: LogOf, after: string | undefined, limit: number): Promise<Omit<TailPage, 'version'>> {
    await turns.wait(tenant)
    const { events, next, end, gap } = await log.read(session, after, limit)
    if (events.length > 1) await turns.wait(tenant)
    return { frames: events.map((event) => createFrame(event, session)), next, end, ...(gap && { gap }) }
  }

  function read(of: LogOf, { pages, version, readers }: Shared, after: string | undefined): Promise<TailPage> {
    const key = after ?? ''
    const known = pages.get(key)
    if (known && (known.isFull || known.version === version)) return known.page
    const page = load(of, after, PAGE).then((loaded) => ({ version, ...loaded }))
    const entry: Entry = {
      version,
      page,
      isFull: false,
      forget() {
        if (pages.get(key) === entry) pages.delete(key)
        bytes -= kept.get(entry) ?? 0
        kept.delete(entry)
      },
    }
    known?.forget()
    pages.set(key, entry)
    page.then(({ frames, gap }) => {
      // an empty page is true for a moment only, a page with events for ever; nobody but others reads it again
      entry.isFull = frames.length > 0 && !gap && after !== undefined && readers.size > 1 && pages.get(key) === entry
      if (entry.isFull) keep(entry, frames)
      else entry.forget()
    }, entry.forget)
    if (pages.size > PAGES_KEPT) pages.values().next().value?.forget()
    return page
  }

  function keep(entry: Entry, frames: readonly Frame[]): void {
    const size = frames.reduce((sum, frame) => sum + sizeOf(frame), 0)
    kept.set(entry, size)
    bytes += size
    for (const [oldest] of kept) {
      if (bytes <= PAGES_BYTES) return
      oldest.forget()
    }
  }

  return {
    read: load,
    open(of) {
      const { session } = of
      const shared = share(session)
      let resolve: (() => void) | undefined
      let timer: NodeJS.Timeout | undefined
      const wake = () => {
        clearTimeout(timer)
        resolve?.()
        resolve = undefined
      }
      shared.readers.add(wake)
      return {
        get version() {
          return shared.version
        },
        read: (after) => read(of, shared, after),
        changed: (version, ms) =>
          new Promise((done) => {
            if (version !== shared.version) return done()
            resolve = done
            if (ms !== undefined) timer = setTimeout(wake, ms)
          }),
        wake,
        release() {
          wake()
          if (!shared.readers.delete(wake) || shared.readers.size > 0) return
          sessions.delete(session)
          for (const { forget } of [...shared.pages.values()]) forget()
          shared.stop()
        },
      }
    },
  }
}
