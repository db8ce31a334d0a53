import { z } from 'zod'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { SessionJson } from '../gateway/contract/session-json.ts'
import { sessionStates } from '../gateway/ports/session-record.ts'
import type { Store } from '../gateway/ports/store.ts'
import { hasAccount, visible } from './accounts.ts'
import { operation } from './operation.ts'
import { viewsOf } from './session-views.ts'

/** sessions that are read at one time */
const STEP = 200

const count = z.int().min(0)
const webhookStates = ['enabled', 'failing', 'disabled'] as const
const countsOf = <Name extends string>(names: readonly Name[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, count])) as Record<Name, typeof count>)

const stats = z
  .object({
    instances: z
      .array(z.object({ instance: z.string().meta({ description: 'Its INSTANCE_ID' }), leaving: z.boolean() }))
      .meta({ description: 'The processes of the gateway that are there; one that is leaving takes no more sessions' }),
    sessions: countsOf(sessionStates).extend({ total: count }).meta({ description: 'Sessions of the tenant, by their state' }),
    outbox: z
      .object({ length: count, oldest: z.iso.datetime().optional() })
      .meta({ description: 'Messages that wait in the outboxes of these sessions, and since when the first does' }),
    streams: z
      .object({ websocket: count, sse: count })
      .meta({ description: 'Event streams of the tenant that are open on the instance that answers' }),
    webhooks: countsOf(webhookStates).extend({ total: count }).meta({ description: 'Webhooks of the tenant, by their state' }),
  })
  .meta({ id: 'Stats' })

const nobody = { connecting: 0, online: 0, resuming: 0, backoff: 0, 'auth-failed': 0, conflict: 0, stopped: 0, total: 0 }

/** `GET /stats`: how the gateway does for a tenant. */
export function statsOperation({
  sessions,
  store,
  openStreams,
}: {
  sessions: Pick<Sessions, 'list' | 'view' | 'resolve'>
  store: Pick<Store, 'instances' | 'webhooks'>
  openStreams: (tenant: string) => { websocket: number; sse: number }
}): Operation {
  /** what is counted now, by whose sessions: whoever asks meanwhile gets the same */
  const counting = new Map<string, ReturnType<typeof counted>>()

  async function counted(caller: Caller) {
    const tally = createTally()
    for (let last: string | undefined, isEnd = false; !isEnd; ) {
      const handles = await sessions.list(caller.tenant, { limit: STEP, ...(last !== undefined && { after: last }) })
      const own = handles.filter(({ record }) => hasAccount(caller, record.jid))
      for (const view of await viewsOf(sessions, own)) tally.add(view)
      last = handles.at(-1)?.record.id
      isEnd = handles.length < STEP
    }
    return tally.result()
  }

  async function sharedCount(caller: Caller) {
    const whose = JSON.stringify([caller.tenant, caller.sessions])
    const under = counting.get(whose) ?? counted(caller).finally(() => counting.delete(whose))
    counting.set(whose, under)
    return under
  }

  async function ofOne(tenant: string, session: string) {
    const tally = createTally()
    tally.add(await sessions.view(await sessions.resolve(tenant, session)))
    return tally.result()
  }

  return operation({
    id: 'stats.get',
    method: 'GET',
    path: '/stats',
    summary: 'Count sessions, messages that wait, streams and webhooks',
    description: 'For a session token: of its session alone.',
    scope: 'keys:read',
    session: 'none',
    answers: { 200: { description: 'How it is now', schema: stats } },
    problems: ['session-not-found'],
    examples: {
      200: {
        'two instances': {
          instances: [
            { instance: 'gate-1', leaving: false },
            { instance: 'gate-2', leaving: true },
          ],
          sessions: { ...nobody, online: 240, backoff: 2, total: 242 },
          outbox: { length: 3, oldest: '2026-11-29T08:15:30.000Z' },
          streams: { websocket: 12, sse: 1 },
          webhooks: { enabled: 2, failing: 0, disabled: 0, total: 2 },
        },
      },
    },
    async run({ caller }) {
      const { tenant, session } = caller
      const [members, webhooks, tally] = await Promise.all([
        store.instances.list(),
        store.webhooks.list(tenant),
        session === undefined ? sharedCount(caller) : ofOne(tenant, session),
      ])
      const instances = [...members].map(([name, { load }]) => ({ instance: instanceOf(name), leaving: load === null }))
      const seen = await visible(sessions, caller, webhooks)
      return {
        status: 200,
        body: {
          instances: instances.sort((one, other) => (one.instance < other.instance ? -1 : 1)),
          ...tally,
          streams: openStreams(tenant),
          webhooks: {
            ...Object.fromEntries(webhookStates.map((state) => [state, seen.filter((one) => one.state === state).length])),
            total: seen.length,
          },
        },
      }
    },
  })
}

function createTally() {
  const states: Record<string, number> = { ...nobody }
  let length = 0
  let oldest: string | undefined
  return {
    add({ state, outbox }: SessionJson) {
      states[state] = (states[state] ?? 0) + 1
      states.total! += 1
      length += outbox.length
      if (outbox.oldest !== undefined && (oldest === undefined || outbox.oldest < oldest)) oldest = outbox.oldest
    },
    result: () => ({ sessions: states, outbox: { length, ...(oldest !== undefined && { oldest }) } }),
  }
}

/** of "<INSTANCE_ID>:<boot>" */
const instanceOf = (name: string) => name.slice(0, name.lastIndexOf(':'))
