import { readError } from '../../codec/stanza-error.ts'
import { Problem, stanzaProblem } from '../../errors/problem.ts'
import { callerGone } from '../../errors/refusals.ts'
import { folded, foldedBare } from '../../folded-jid.ts'
import { type Element, isElement } from '../../xml/element.ts'
import type { Room } from '../inbound/large-answers.ts'
import type { Connection } from '../ports/connection.ts'

/** iqs of one session that wait for their answer at one time */
const PENDING_IQS = 100
/** … and that gave up waiting, whose answers are known for late when they come; the oldest is forgotten */
const OVERDUE_IQS = 100
/** ms in which the stream has to bring so many bytes, for an answer to be on its way still */
const LOOK = 5_000
const ARRIVING = 10_000

/** ms that an answer is waited for. */
export interface Patience {
  timeout: number
  /** longer where the request, or the answer, is on its way still: as long as that takes, and so many ms at most; absent: not longer */
  most?: number
}

export interface Correlator {
  /**
   * Waits for the answer to the iq with that id, which `send` writes. Rejects with what that throws, the stanza's problem, xmpp-timeout,
   * or what `failAll` was given.
   */
  wait(
    request: { id: string; type: 'get' | 'set'; to: string | undefined },
    options: Patience & { signal?: AbortSignal; room?: Room; send?: () => void },
  ): Promise<Element>
  /** How many bytes an iq that is arriving may have, as ConnectionEvents has it: the answer of the own server, where there is room for it. */
  larger(start: Element, bytes: number): number | undefined
  /** Hands an iq of type result or error over; one that comes too late is told and left out. False when its sender was not asked, or has answered. */
  answer(iq: Element): boolean
  /** the stream is gone for good: a get may be tried again, the outcome of a set is not known */
  failAll(): void
  /** The same, for one that is not sent again. */
  fail(id: string): void
  /** how many wait */
  size(): number
}

/**
 * Requests and their answers, on (id, who may answer). Ids are 128-bit random; the sender is checked as RFC 6120
 * section 8.1.2.1 has it, so that nobody else can answer.
 */
export const createCorrelator = (context: CorrelatorContext): Correlator => new IqCorrelator(context)

interface CorrelatorContext {
  own: () => { bare: string; full: string | null }
  /** what the requests are written on and the answers come by */
  link?: () => Pick<Connection, 'transit' | 'received'> | undefined
  /** an answer came when nobody waited any more */
  onLate?: () => void
}

interface Waiting {
  type: 'get' | 'set'
  answerers: Answerers
  room: Room | undefined
  settle(outcome: { iq: Element } | { problem: unknown }): void
  giveUp(problem: Problem): void
}

/** A class because each session has one, and there are thousands of sessions. */
class IqCorrelator implements Correlator {
  readonly #context: CorrelatorContext
  /** undefined: none waits */
  #pending: Map<string, Waiting> | undefined
  /** who may still answer what nobody waits for any more; few sessions ever need it */
  #overdue: Map<string, Answerers> | undefined

  constructor(context: CorrelatorContext) {
    this.#context = context
  }

  wait(...[{ id, type, to }, options]: Parameters<Correlator['wait']>): Promise<Element> {
    const { timeout, most = timeout, signal, room, send = () => {} } = options
    if (this.size() >= PENDING_IQS)
      throw new Problem('too-many-requests', `${PENDING_IQS} iqs of this session wait for an answer already.`, { retryAfter: 1 })
    if (this.#pending?.has(id)) throw new Problem('id-in-use', `An iq with the id ${id} waits for its answer already.`)
    return new Promise((resolve, reject) => {
      const gone = () => giveUp(callerGone())
      let stop = () => {}
      const settle: Waiting['settle'] = (outcome) => {
        stop()
        signal?.removeEventListener('abort', gone)
        this.#remove(id)
        if ('iq' in outcome) resolve(outcome.iq)
        else reject(outcome.problem)
      }
      const answerers = answerersOf(to, this.#context.own())
      const isOwn = answerers.may.has('')
      const giveUp: Waiting['giveUp'] = (problem) => {
        this.#note(id, answerers)
        settle({ problem })
      }
      const waiting = { type, answerers, room: isOwn ? room : undefined, settle, giveUp }
      this.#pending ??= new Map()
      this.#pending.set(id, waiting)
      try {
        send()
      } catch (problem) {
        settle({ problem })
      }
      if (this.#pending?.get(id) !== waiting) return
      const late = (ms: number) => giveUp(new Problem('xmpp-timeout', `No answer within ${Math.round(ms / 1000)} s.`))
      stop = patient({ timeout, most }, { link: () => this.#context.link?.(), late })
      if (signal?.aborted) gone()
      else signal?.addEventListener('abort', gone)
    })
  }

  larger(start: Element, bytes: number): number | undefined {
    const { id = '', type } = start.attributes
    const waiting = start.name === 'iq' && type === 'result' ? this.#pending?.get(id) : undefined
    return waiting && mayAnswer(start, waiting.answerers) ? waiting.room?.grow(bytes) : undefined
  }

  answer(iq: Element): boolean {
    const waiting = this.#pending?.get(iq.attributes.id ?? '')
    if (!waiting || !mayAnswer(iq, waiting.answerers)) {
      const late = this.#isLate(iq)
      if (late) this.#context.onLate?.()
      return late
    }
    if (iq.cut) waiting.settle({ problem: waiting.room?.refusal() ?? tooLarge() })
    else if (iq.attributes.type === 'result') waiting.settle({ iq })
    else
      waiting.settle({
        problem: stanzaProblem(readError(iq.children.find((node) => isElement(node) && node.name === 'error') as Element | undefined)),
      })
    return true
  }

  failAll(): void {
    for (const { type, giveUp } of [...(this.#pending?.values() ?? [])]) giveUp(lost(type))
  }

  fail(id: string): void {
    const waiting = this.#pending?.get(id)
    waiting?.giveUp(lost(waiting.type))
  }

  size(): number {
    return this.#pending?.size ?? 0
  }

  #remove(id: string): void {
    this.#pending?.delete(id)
    if (this.#pending?.size === 0) this.#pending = undefined
  }

  #note(id: string, answerers: Answerers): void {
    this.#overdue ??= new Map()
    this.#overdue.set(id, answerers)
    if (this.#overdue.size > OVERDUE_IQS) this.#overdue.delete(this.#overdue.keys().next().value as string)
  }

  #isLate(iq: Element): boolean {
    const { id = '' } = iq.attributes
    const answerers = this.#overdue?.get(id)
    if (!answerers || !mayAnswer(iq, answerers)) return false
    this.#overdue?.delete(id)
    return true
  }
}

/**
 * Calls `late` after `timeout` ms, counted from when the server can have read all that is on its way to it; where the stream then
 * brings more than little, the answer may be behind that. Answers what stops it.
 */
function patient(
  { timeout, most }: Required<Patience>,
  { link, late }: { link: () => Pick<Connection, 'transit' | 'received'> | undefined; late: (ms: number) => void },
): () => void {
  const until = Math.min(timeout + (most > timeout ? (link()?.transit() ?? 0) : 0), most)
  const received = () => link()?.received() ?? 0
  const look = (waited: number) => {
    const before = received()
    const ms = Math.min(LOOK, most - waited)
    timer = setTimeout(() => (ms > 0 && received() - before >= ARRIVING ? look(waited + ms) : late(waited + ms)), ms)
  }
  const first = most > timeout ? Math.max(until - LOOK, 0) : until
  let timer = setTimeout(() => (most > timeout ? look(first) : late(until)), first)
  return () => clearTimeout(timer)
}

const lost = (type: 'get' | 'set') =>
  type === 'get'
    ? new Problem('session-offline', 'The connection was lost before the answer came.', { retryAfter: 5 })
    : new Problem('outcome-unknown', 'The connection was lost before the answer came; the request may have been carried out.')

const tooLarge = () => new Problem('stanza-too-large', 'The answer came, and is larger than what is read.')

const refusals: readonly string[] = ['given-up', 'xmpp-timeout', 'xmpp-undefined-condition', 'stanza-too-large', 'too-busy']

/** Was there no answer that says what was asked for, be it that nothing came? A lost link is something else, and so is a fault of ours. */
export function isRefusal(thrown: unknown): thrown is Problem {
  if (!(thrown instanceof Problem)) return false
  return thrown.options.xmpp !== undefined || refusals.includes(thrown.code)
}

/** How a wait ended, of what it was rejected with. */
export function endOfIq(thrown: unknown): 'error' | 'timeout' | 'lost' {
  const { code } = thrown as Partial<Problem>
  if (code === 'xmpp-timeout') return 'timeout'
  return code === 'session-offline' || code === 'outcome-unknown' ? 'lost' : 'error'
}

interface Answerers {
  /** as `folded` writes them; '' is a missing `from` */
  may: ReadonlySet<string>
  /** accounts and domains of which any resource may say that it went wrong */
  mayRefuse: ReadonlySet<string>
}

/**
 * Who may answer a request (RFC 6120 section 8.1.2.1, RFC 6121 section 8): its addressee; the own account speaks
 * without `from`, by the bare JID, and older servers by the full JID; the own server by its domain. That it went wrong may also be
 * said by another resource of the addressee, or by a server on the way: nobody else has the id.
 */
function answerersOf(to: string | undefined, own: { bare: string; full: string | null }): Answerers {
  const account = [own.bare, ...(own.full ? [own.full] : [])].map(folded)
  const domain = domainOf(folded(own.bare))
  const addressee = to === undefined ? undefined : folded(to)
  const servers = ['', domain, foldedBare(own.bare)]
  if (addressee === undefined) return { may: new Set(['', ...account, domain]), mayRefuse: new Set(servers) }
  const isOwn = addressee === foldedBare(own.bare) ? account : addressee === domain ? [domain] : undefined
  const bare = foldedBare(addressee)
  return { may: new Set(isOwn ? ['', ...isOwn] : [addressee]), mayRefuse: new Set([...servers, bare, domainOf(bare)]) }
}

function mayAnswer({ attributes: { from, type } }: Element, { may, mayRefuse }: Answerers): boolean {
  // an empty one is not a missing one
  if (from === '') return false
  return may.has(from === undefined ? '' : folded(from)) || (type === 'error' && mayRefuse.has(from === undefined ? '' : foldedBare(from)))
}

const domainOf = (address: string) => address.slice(address.indexOf('@') + 1)
