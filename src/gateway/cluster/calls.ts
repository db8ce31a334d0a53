import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { problemCodes } from '../../errors/catalogue.ts'
import { Problem, toProblem } from '../../errors/problem.ts'
import { callerGone } from '../../errors/refusals.ts'
import type { Store } from '../ports/store.ts'
import type { Call } from '../session/commands.ts'

/** ms between looks whether the instance that was asked is still there */
const LOOK = 1_000
/** ms beyond the caller's deadline that an answer may take on its way */
const WAY = 500

const channelOf = (owner: string) => `instance:${owner}`

/** accepted: messages for a session · changed: its record · free: it has no owner any more, take it */
const notes = ['accepted', 'changed', 'free'] as const
export type Note = (typeof notes)[number]

/** What instances say to one another. The channel is not trusted: anything else is left out. */
const message = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ask'),
    id: z.string(),
    from: z.string(),
    session: z.string(),
    command: z.string(),
    /** of the command; builds before this one do not tell it */
    version: z.int().positive().optional(),
    as: z.string().optional(),
    args: z.unknown(),
    /** ms that the asker waits */
    within: z.number().positive(),
    /** ms by the clock of the bus: what must not be done twice does not begin later */
    until: z.number().optional(),
  }),
  z.object({ kind: z.literal('result'), id: z.string(), result: z.unknown() }),
  z.object({
    kind: z.literal('problem'),
    id: z.string(),
    // another version may have more of them
    code: z.enum(problemCodes as [string, ...string[]]).catch('internal-error'),
    detail: z.string(),
    options: z.looseObject({}),
  }),
  z.object({ kind: z.literal('note'), session: z.string(), note: z.enum(notes) }),
  z.object({ kind: z.literal('there') }),
])
/** What is left of a question that only another version understands: whom to tell so. */
const unknownQuestion = z.looseObject({ kind: z.literal('ask'), id: z.string(), from: z.string() })

type Message = z.infer<typeof message>
type Asked = Extract<Message, { kind: 'ask' }>
type Answer = Extract<Message, { kind: 'result' | 'problem' }>

export interface Question extends Call {
  session: string
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
  /** does it hear us? A frozen one does, and one whose connection to the store was lost a moment ago does not. */
  hears(owner: string): Promise<boolean>
  /** Wakes the owner; what it is about stands in the store. Answers whether it was heard. */
  note(owner: string, session: string, note: Note): Promise<boolean>
  /** the name that this instance is called by from now on */
  listen(self: string): void
  /** an instance is gone: nobody waits for it any more */
  lost(owner: string): void
  /** this instance lost its own name: no answer will come */
  forget(): void
  stop(): void
}

/** One channel per instance: questions, their answers and notes. An answer finds its question by a random id. */
export function createInstances({
  bus,
  run,
  hear,
}: {
  bus: Store['bus']
  run: (question: Question, options: AskOptions) => Promise<unknown>
  hear: (session: string, note: Note) => void
}): Instances {
  const waiting = new Map<string, { owner: string; answered: (answer: Answer) => void; lost: () => void }>()
  const running = new Set<AbortController>()
  let self = ''
  let unsubscribe = () => {}

  const say = async (owner: string, said: Message) => (await bus.publish(channelOf(owner), said)) > 0
  /** A message that is lost is the same as one that comes too late. */
  const tell = (owner: string, said: Message) => void say(owner, said).catch(() => {})

  function tellProblem(to: string, id: string, { code, message: detail, options: { cause: _, ...options } }: Problem): void {
    tell(to, { kind: 'problem', id, code, detail, options })
  }

  async function ask(owner: string, question: Question, { timeout, signal, repeatable }: AskOptions): Promise<unknown> {
    const id = randomBytes(16).toString('base64url')
    const away = new Problem('session-offline', 'The instance that has the session is gone; another one takes it up.', { retryAfter: 5 })
    const unknown = repeatable ? away : new Problem('outcome-unknown', 'The instance that has the session was lost before it answered.')
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    promise.catch(() => {}) // it may end before anybody waits for it
    const late = setTimeout(() => reject(repeatable ? new Problem('xmpp-timeout', 'No answer in time.') : unknown), timeout + WAY)
    const gone = () => reject(callerGone())
    const look = setInterval(() => {
      say(owner, { kind: 'there' }).then(
        (heard) => heard || reject(unknown),
        () => {}, // the store is away: the deadline decides
      )
    }, LOOK)
    signal?.addEventListener('abort', gone)
    waiting.set(id, {
      owner,
      lost: () => reject(unknown),
      answered(answer) {
        if (answer.kind === 'result') resolve(answer.result)
        else reject(new Problem(answer.code as Problem['code'], answer.detail, answer.options))
      },
    })
    try {
      const until = repeatable ? undefined : (await bus.now(question.session)) + timeout
      const heard = await say(owner, { kind: 'ask', id, from: self, ...question, within: timeout, until }).catch((cause) => {
        if (repeatable) throw cause
        throw new Problem('outcome-unknown', 'The store was lost while the instance that has the session was asked.', { cause })
      })
      if (!heard) throw away
      return await promise
    } finally {
      waiting.delete(id)
      clearTimeout(late)
      clearInterval(look)
      signal?.removeEventListener('abort', gone)
    }
  }

  async function answer({ id, from, session, command, version = 1, as, args, within, until }: Asked): Promise<void> {
    const deadline = new AbortController()
    // what the command itself says of its time comes first, and reaches the asker still
    const timer = setTimeout(() => deadline.abort(), within + WAY / 2).unref()
    running.add(deadline)
    try {
      if (until !== undefined && (await bus.now(session)) > until) throw refusal('Nobody waits for this any more.')
      const result = await run(
        { session, command, version, ...(as !== undefined && { as }), args },
        { timeout: within, signal: deadline.signal },
      )
      tell(from, { kind: 'result', id, result: result ?? null })
    } catch (error) {
      tellProblem(from, id, toProblem(error))
    } finally {
      clearTimeout(timer)
      running.delete(deadline)
    }
  }

  function onMessage(heard: unknown): void {
    const { success, data } = message.safeParse(heard)
    if (!success) refuse(heard)
    else if (data.kind === 'ask') void answer(data)
    else if (data.kind === 'note') hear(data.session, data.note)
    else if (data.kind !== 'there') waiting.get(data.id)?.answered(data)
  }

  function refuse(heard: unknown): void {
    const { data } = unknownQuestion.safeParse(heard)
    if (data)
      tellProblem(data.from, data.id, refusal('The instance that has the session is of another version, and does not understand this.'))
  }

  function losing(isLost: (owner: string) => boolean): void {
    for (const { owner, lost } of [...waiting.values()]) if (isLost(owner)) lost()
  }

  return {
    ask,
    hears: (owner) => say(owner, { kind: 'there' }),
    note: (owner, session, note) => say(owner, { kind: 'note', session, note }),
    listen(name) {
      if (name === self) return
      unsubscribe()
      self = name
      unsubscribe = bus.subscribe(channelOf(self), onMessage)
    },
    lost: (owner) => losing((one) => one === owner),
    forget: () => losing(() => true),
    stop() {
      unsubscribe()
      for (const deadline of running) deadline.abort()
    },
  }
}

/** nothing was begun */
const refusal = (detail: string) => new Problem('session-offline', detail, { retryAfter: 5 })
