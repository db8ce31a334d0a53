/** The near side: callers that post numbered messages until each is answered, and one that reads the log by its cursor. */
import { setTimeout as delay } from 'node:timers/promises'
import type { CloudEvent } from '../support/event-stream.ts'
import type { HttpAnswer } from '../support/gateway.ts'
import { bodyOf, type History, isDurable, isFailure, numbered } from './history.ts'
import { type Reachable, wasAway } from './revenant.ts'

/** ms between tries while the gateway is away, or says so */
const AGAIN = 100
/** events of one page */
const PAGE = 500

export interface Producer {
  /** Posts the next messages of the conversation, each after the answer to the one before. */
  post(count: number): Promise<void>
  stop(): void
}

export function startProducer({
  gateway,
  session,
  to,
  history,
}: {
  gateway: Reachable
  session: string
  /** bare JID */
  to: string
  history: History
}): Producer {
  const conversation = `out ${to.split('@')[0]}`
  const stopping = new AbortController()
  let posted = 0

  async function postOne(number: number): Promise<void> {
    const body = bodyOf({ conversation, number })
    const headers = { 'idempotency-key': body.replaceAll(' ', '-') }
    const wrong = (what: string) => void history.wrong.push({ conversation, number, at: performance.now(), what })
    /** a request had no answer, and may still be under way */
    let unanswered = false
    while (!stopping.signal.aborted) {
      const answer = await gateway.api('POST', '/messages', { query: { session }, headers, body: { to, body } }).catch((error) => {
        if (!wasAway(error)) wrong(`no answer: ${error}`)
      })
      if (answer?.status === 202) {
        history.accepted.push({ conversation, number, id: answer.body.id, at: performance.now() })
        return
      }
      if (!answer) unanswered = true
      else if (!isForLater(answer, unanswered)) {
        wrong(`${answer.status} ${answer.body?.code}`)
        if (answer.body?.retryable !== true) return
      }
      await delay(AGAIN)
    }
  }

  return {
    async post(count) {
      for (let left = count; left > 0 && !stopping.signal.aborted; left -= 1) {
        posted += 1
        await postOne(posted)
      }
    },
    stop: () => stopping.abort(),
  }
}

/** Does it say that the message may be posted again? */
function isForLater({ status, headers, body }: HttpAnswer, unanswered: boolean): boolean {
  if (status === 503) return headers.get('retry-after') !== null
  return unanswered && body?.code === 'idempotency-key-running'
}

export interface Consumer {
  stop(): Promise<void>
}

/** Reads every event of a session from the oldest, over one WebSocket after the other. */
export function startConsumer({ gateway, session, history }: { gateway: Reachable; session: string; history: History }): Consumer {
  let cursor = '0'
  let stopped = false
  let socket: ReturnType<Reachable['events']>['socket'] | undefined
  const reading = read()

  async function read(): Promise<void> {
    while (!stopped) {
      const stream = gateway.events({ session, query: { after: cursor } })
      socket = stream.socket
      socket.on('message', (data) => take(JSON.parse(String(data))))
      await stream.closed
      if (!stopped) await delay(AGAIN)
    }
  }

  function take(event: CloudEvent): void {
    const { id, type, data } = event
    const message = type === 'message.received' ? numbered(data.body) : undefined
    const about = type === 'message.received' ? data.id : event.subject
    cursor = id
    history.told.push({
      cursor,
      type,
      at: performance.now(),
      ...(about ? { id: about } : {}),
      ...(message ? { message } : {}),
      ...(isFailure(type) ? { why: data.error?.code ?? type } : {}),
    })
  }

  return {
    async stop() {
      stopped = true
      socket?.terminate()
      await reading
    },
  }
}

/** Adds to a history what the log holds now, read from its start. */
export async function addLog(history: History, { gateway, session }: { gateway: Reachable; session: string }): Promise<void> {
  for (let after = '0'; ; ) {
    const { body } = await gateway.api('GET', '/events', { query: { session, after, limit: PAGE } })
    const events = body.data as CloudEvent[]
    history.log.push(...events.filter(({ type }) => isDurable(type)).map(({ id }) => id))
    if (events.length === 0) return
    after = body.page.next
  }
}
