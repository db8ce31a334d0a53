import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Problem, problemCodes, toProblem } from '../errors.ts'
import type { Store } from './ports.ts'

/** ms between looks whether the instance that was asked is still there */
const LOOK = 1_000
/** ms beyond the caller's deadline that an answer may take on its way */
const WAY = 500

const channelOf = (owner: string) => `instance:${owner}`

/** What instances say to one another. The channel is not trusted: anything else is left out. */
const message = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ask'),
    id: z.string(),
    from: z.string(),
    session: z.string(),
    command: z.string(),
    args: z.unknown(),
    /** ms that the asker waits */
    within: z.number().positive(),
  }),
  z.object({ kind: z.literal('result'), id: z.string(), result: z.unknown() }),
  z.object({
    kind: z.literal('problem'),
    id: z.string(),
    code: z.enum(problemCodes as [string, ...string[]]),
    detail: z.string(),
    options: z.looseObject({}),
  }),
  z.object({ kind: z.literal('note'), session: z.string(), note: z.enum(['accepted', 'changed']) }),
  z.object({ kind: z.literal('there') }),
])
type Message = z.infer<typeof message>

export interface Question {
  session: string
  command: string
  args: unknown
}

export interface AskOptions {
  timeout: number
  signal?: AbortSignal
  /** carrying it out twice does no harm: when the owner dies over it, the caller may try again */
  repeatable?: boolean
}

export interface Instances {
  /** Has a command run by the owner of its session. Rejects with its problem; at once when the owner is not there (any more). */
  ask(owner: string, question: Question, options: AskOptions): Promise<unknown>
  /** does it hear us? */
  isThere(owner: string): Promise<boolean>
  /** wakes the owner; what it is about stands in the store */
  note(owner: string, session: string, note: 'accepted' | 'changed'): void
  start(serve: {
    run(question: Question, options: AskOptions): Promise<unknown>
    hear(session: string, note: 'accepted' | 'changed'): void
  }): void
  stop(): void
}

/** One channel per instance: questions, their answers and notes. An answer finds its question by a random id. */
export function createInstances({ bus, self }: { bus: Store['bus']; self: string }): Instances {
  const waiting = new Map<string, (answer: Extract<Message, { kind: 'result' | 'problem' }>) => void>()
  const running = new Set<AbortController>()
  let unsubscribe = () => {}

  const say = (owner: string, said: Message) => bus.publish(channelOf(owner), said)
  /** A message that is lost is the same as one that comes too late. */
  const tell = (owner: string, said: Message) => void say(owner, said).catch(() => {})

  async function ask(owner: string, { session, command, args }: Question, { timeout, signal, repeatable }: AskOptions): Promise<unknown> {
    const id = randomBytes(16).toString('base64url')
    const away = new Problem('session-offline', 'The instance that has the session is gone; another one takes it up.', { retryAfter: 5 })
    const unknown = repeatable ? away : new Problem('outcome-unknown', 'The instance that has the session was lost before it answered.')
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const late = setTimeout(() => reject(repeatable ? new Problem('xmpp-timeout', 'No answer in time.') : unknown), timeout + WAY)
    const gone = () => reject(new Problem('xmpp-timeout', 'The caller has gone.'))
    const look = setInterval(() => {
      say(owner, { kind: 'there' }).then(
        (heard) => heard === 0 && reject(unknown),
        () => {}, // the store is away: the deadline decides
      )
    }, LOOK)
    signal?.addEventListener('abort', gone)
    waiting.set(id, (answer) => {
      if (answer.kind === 'result') resolve(answer.result)
      else reject(new Problem(answer.code as Problem['code'], answer.detail, answer.options))
    })
    try {
      const heard = await say(owner, { kind: 'ask', id, from: self, session, command, args, within: timeout })
      if (heard === 0) throw away
      return await promise
    } finally {
      promise.catch(() => {}) // told already
      waiting.delete(id)
      clearTimeout(late)
      clearInterval(look)
      signal?.removeEventListener('abort', gone)
    }
  }

  return {
    ask,
    isThere: async (owner) => (await say(owner, { kind: 'there' })) > 0,
    note: (owner, session, note) => tell(owner, { kind: 'note', session, note }),

    start({ run, hear }) {
      async function answer({ id, from, session, command, args, within }: Extract<Message, { kind: 'ask' }>): Promise<void> {
        const deadline = new AbortController()
        const timer = setTimeout(() => deadline.abort(), within)
        running.add(deadline)
        try {
          const result = await run({ session, command, args }, { timeout: within, signal: deadline.signal })
          tell(from, { kind: 'result', id, result: result ?? null })
        } catch (error) {
          const { code, message: detail, options } = toProblem(error)
          const { cause: _, ...told } = options
          tell(from, { kind: 'problem', id, code, detail, options: told })
        } finally {
          clearTimeout(timer)
          running.delete(deadline)
        }
      }
      unsubscribe = bus.subscribe(channelOf(self), (heard) => {
        const { success, data } = message.safeParse(heard)
        if (!success) return
        if (data.kind === 'ask') void answer(data)
        else if (data.kind === 'note') hear(data.session, data.note)
        else if (data.kind !== 'there') waiting.get(data.id)?.(data)
      })
    },

    stop() {
      unsubscribe()
      for (const deadline of running) deadline.abort()
    },
  }
}
