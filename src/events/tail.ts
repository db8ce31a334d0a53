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
  /** the same as a whole WebSocket text frame of a server (RFC 6455 section 5.2) */
  readonly wire: Buffer
}

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

export interface Tails {
  open(session: string): Tail
}

interface Shared {
  version: number
  readers: Set<() => void>
  pages: Map<string, { version: number; page: Promise<TailPage>; isFull: boolean }>
  stop: () => void
}

export function createTails(log: Pick<Store['log'], 'read' | 'watch'>): Tails {
  const sessions = new Map<string, Shared>()

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

  async function load(session: string, after: string | undefined, version: number): Promise<TailPage> {
    const { events, next, end, gap } = await log.read(session, after, PAGE)
    return { version, frames: events.map((event) => createFrame(event, session)), next, end, ...(gap && { gap }) }
  }

  function read(session: string, { pages, version }: Shared, after: string | undefined): Promise<TailPage> {
    const key = after ?? ''
    const known = pages.get(key)
    if (known && (known.isFull || known.version === version)) return known.page
    const entry = { version, page: load(session, after, version), isFull: false }
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
  }

  return {
    open(session) {
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
        read: (after) => read(session, shared, after),
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
          shared.stop()
        },
      }
    },
  }
}

/** Serialised when the first reader needs it, and never again. */
export function createFrame(event: StoredEvent, session: string): Frame {
  let text: string | undefined
  let wire: Buffer | undefined
  return {
    event,
    get text() {
      text ??= JSON.stringify(envelope(event, session))
      return text
    },
    get wire() {
      wire ??= textFrame(Buffer.from(this.text))
      return wire
    },
  }
}

const FINAL_TEXT = 0x81

function textFrame(payload: Buffer): Buffer {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = FINAL_TEXT
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}
