import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { sessionFor } from '../api/accounts.ts'
import { ofOwner } from '../api/declared.ts'
import { operation } from '../api/operation.ts'
import { pageOf, pageQuery } from '../api/page.ts'
import { Problem } from '../errors/problem.ts'
import { cursorOf } from '../events/cursor.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import { defineCommand, type LiveSession, type SessionHandle } from '../gateway/contract/session.ts'
import { webhookOf } from './access.ts'
import type { WebhookOperations } from './create.ts'
import * as examples from './examples.ts'
import { lettersOf, REPLAYS_MAX, type Replay, webhookPlaces } from './kinds.ts'
import { delivery, deliveryStates, queued, replay as replayBody } from './schemas.ts'
import { deliveryView } from './view.ts'
import { createWanted } from './wanted.ts'

/** ms for the instance that has the session to take a replay up */
const REPLAY_WITHIN = 10_000
/** events read at one time to count them */
const COUNTED = 500
/** items of a page unless the caller says another limit */
const PAGE = 100

/** Sends what is told again, beside what goes on. Answers how many dead letters that is. */
export const replayCommand = defineCommand<{ webhook: string; after?: string; replay: Replay }, number>({
  name: 'webhooks.replay',
  whileAway: true,
  whileStopped: true,
})

/** As the owner of the session does it. */
export async function takeReplay(
  session: LiveSession,
  { webhook, after, replay }: { webhook: string; after?: string; replay: Replay },
  begin: (key: string) => void,
): Promise<number> {
  const under = [...session.state.all(webhookPlaces).keys()].filter((key) => key.includes('/'))
  if (under.length >= REPLAYS_MAX) throw new Problem('limit-exceeded', `${REPLAYS_MAX} replays of this session are under way already.`)
  const letters = 'dead' in replay ? lettersOf(session.state, webhook, replay.dead) : []
  if ('dead' in replay && letters.length === 0) return 0
  const key = `${webhook}/${randomBytes(6).toString('base64url')}`
  await session.commit({ state: [webhookPlaces.put(key, { ...(after !== undefined && { after }), replay })] })
  begin(key)
  return letters.length
}

export function deliveryOperations({ sessions, store }: Pick<WebhookOperations, 'sessions' | 'store'>): Operation[] {
  const { webhooks } = store
  const access = { sessions, webhooks }
  const params = z.object({ id: z.string().max(100) })

  /** How many events are wanted of those after a cursor, and which is the last. Throws cursor-expired, cursor-invalid. */
  async function range(session: string, types: readonly string[], { after, until }: { after: string; until?: string | undefined }) {
    const wants = createWanted(types)
    if (until !== undefined && (await store.log.place(session, cursorOf(until) ?? '')).kind === 'foreign') throw foreign('until')
    let count = 0
    let last: string | undefined
    for (let cursor = cursorOf(after), end = false; !end; ) {
      const page = await store.log.read(session, cursor, COUNTED)
      if (page.gap)
        throw new Problem('cursor-expired', 'The events after this cursor are no longer kept.', { members: { oldest: page.gap.to } })
      for (const event of page.events) {
        if (wants(event)) {
          count += 1
          last = event.id
        }
        if (event.id === until) return { count, last }
      }
      cursor = page.next
      end = page.end
    }
    return { count, last }
  }

  const perform = (handle: SessionHandle, args: { webhook: string; after?: string; replay: Replay }) =>
    handle.perform(replayCommand, args, { timeout: REPLAY_WITHIN, repeatable: true })

  const deliveries = operation({
    id: 'webhooks.deliveries',
    method: 'GET',
    path: '/webhooks/{id}/deliveries',
    summary: 'List what was sent, newest first',
    description: 'One row for each event that was tried, 1,000 of them for 7 days; of dead letters as many beside.',
    scope: 'webhooks:read',
    session: 'none',
    params,
    query: z.strictObject({ ...pageQuery, state: deliveryStates.optional() }),
    answers: { 200: { description: 'Deliveries', schema: pageOf(delivery) } },
    problems: ['webhook-not-found'],
    examples: { 200: { 'one that is tried again': { data: [examples.delivery], page: { complete: true } } } },
    async run({ caller, params: { id }, query: { state, after, limit = PAGE } }) {
      const record = await webhookOf(access, caller, id)
      const rows = (await webhooks.rows(record.tenant, id)).filter((row) => state === undefined || row.state === state)
      const start = after === undefined ? 0 : rows.findIndex((row) => row.id === after) + 1
      if (after !== undefined && start === 0) throw new Problem('invalid-request', 'The cursor is not one of this list.', cursorFault)
      const shown = rows.slice(start, start + limit)
      const complete = start + limit >= rows.length
      const next = shown.at(-1)?.id
      return { status: 200, body: { data: shown.map(deliveryView), page: { ...(!complete && next !== undefined && { next }), complete } } }
    },
  })

  const replay = operation({
    id: 'webhooks.replay',
    method: 'POST',
    path: '/webhooks/{id}/replay',
    summary: 'Send events again, beside those that go on',
    description: 'Each with the `webhook-id` that it had. One delivery, what the log of a session has after a cursor, or all dead letters.',
    scope: 'webhooks:write',
    session: 'none',
    params,
    body: replayBody,
    answers: { 202: { description: 'How many', schema: queued } },
    problems: [
      'webhook-not-found',
      'delivery-not-found',
      'session-not-found',
      'session-required',
      'cursor-invalid',
      'cursor-expired',
      'limit-exceeded',
      ...ofOwner,
    ],
    examples: {
      body: {
        'one delivery': { delivery: examples.delivery.id },
        'what a session has after a cursor': { session: 'romeo@example.com', after: 'qXsDhCDpSIUOWsV3f-b5' },
        'all dead letters': { dead: true },
      },
      202: { queued: { queued: 3 } },
    },
    async run({ caller, params: { id }, body }) {
      const record = await webhookOf(access, caller, id)
      const { tenant, types } = record
      if ('dead' in body) {
        const dead = (await webhooks.rows(tenant, id)).filter(({ state }) => state === 'dead')
        const all = [...new Set(dead.map(({ event }) => event.session))]
        const counts = await Promise.all(
          all.map(async (session) => {
            const handle = await sessions.resolve(tenant, session).catch(unlessGone)
            return handle ? await perform(handle, { webhook: id, replay: { dead: true } }) : 0
          }),
        )
        return { status: 202, body: { queued: counts.reduce((sum, count) => sum + count, 0) } }
      }
      if ('delivery' in body) {
        const row = await webhooks.row(tenant, id, body.delivery)
        const handle = row && (await sessions.resolve(tenant, row.event.session).catch(unlessGone))
        if (!row || !handle) throw new Problem('delivery-not-found', 'There is no such delivery, or its session has ended.')
        const { event, before } = row
        const forgotten = () => new Problem('cursor-expired', 'The event is no longer kept.')
        if (row.state === 'dead') {
          if ((await perform(handle, { webhook: id, replay: { dead: event.id } })) === 0) throw forgotten()
        } else {
          const { last } = await range(event.session, ['*', event.type], { after: before, until: event.id })
          if (last !== event.id) throw forgotten()
          await perform(handle, { webhook: id, after: before, replay: { until: event.id, of: row.replayOf ?? row.id } })
        }
        return { status: 202, body: { queued: 1 } }
      }
      const handle = await sessionFor(sessions, caller, body.session)
      if (record.session !== undefined && record.session !== handle.record.id)
        throw new Problem('session-not-found', 'The webhook is not for this session.')
      const { count, last } = await range(handle.record.id, types, body)
      if (last !== undefined) await perform(handle, { webhook: id, after: body.after, replay: { until: last } })
      return { status: 202, body: { queued: count } }
    },
  })

  return [deliveries, replay]
}

const cursorFault = { errors: [{ path: 'query.after', message: 'is not a page.next' }] }

const foreign = (path: string) =>
  new Problem('cursor-invalid', 'The cursor is not one of this session.', {
    errors: [{ path: `body.${path}`, message: 'is not of this session' }],
  })

/** For one that has ended: undefined. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'session-not-found') throw error
}
