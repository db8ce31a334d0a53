import { z } from 'zod'
import { visible } from '../../api/accounts.ts'
import { operation } from '../../api/operation.ts'
import { byAge, pageBy, pageOf, pageQuery } from '../../api/page.ts'
import { Problem } from '../../errors/problem.ts'
import type { Caller, Operation } from '../../gateway/contract/operation.ts'
import { checkRecipient } from '../../gateway/contract/recipients.ts'
import { newId, tokenHash } from '../../gateway/ids.ts'
import { HOOKS_MAX, type HookRecord } from '../../gateway/ports/hook.ts'
import { jid } from '../../jid.ts'
import { type Access, hookOf, speakerOf } from './access.ts'
import * as examples from './examples.ts'
import { createdHook, hook, hookChange, newHook } from './schemas.ts'
import { newToken, urlOf } from './token.ts'

export function hookOperations(access: Access): Operation[] {
  const { store, sessions } = access
  const params = z.object({ id: z.string().max(100) })

  const create = operation({
    id: 'hooks.create',
    method: 'POST',
    path: '/hooks',
    summary: 'Make a URL that another service calls to say something',
    description:
      'For services that can only call a URL. What they send becomes a message of the session: `POST /hooks/in/{token}`, up to 256 KiB.',
    scope: 'webhooks:write',
    session: 'none',
    body: newHook,
    answers: { 201: { description: 'The hook, with its URL this once', schema: createdHook } },
    problems: ['session-required', 'session-not-found', 'recipient-not-allowed', 'jid-malformed', 'limit-exceeded'],
    examples: {
      body: {
        'alerts for a room': { name: 'alerts', session: 'bot@example.com', to: 'ops@conference.example.com', format: 'alertmanager' },
      },
      201: { 'a new hook': { ...examples.hook, url: examples.url } },
    },
    async run({ caller, origin, body: { name, session, to, format, template } }) {
      const { tenant } = caller
      const token = newToken()
      const made = await store.create({
        ...{ id: newId('hok'), tenant, name, session: await speakerOf(sessions, caller, session), to: recipient(caller, to), format },
        ...(template !== undefined && { template }),
        hash: tokenHash(token),
      })
      if (made === undefined) throw new Problem('limit-exceeded', `There are ${HOOKS_MAX} hooks already.`)
      return { status: 201, body: { ...shown(made), url: urlOf(token, origin) }, headers: { location: `/hooks/${made.id}` } }
    },
  })

  const list = operation({
    id: 'hooks.list',
    method: 'GET',
    path: '/hooks',
    summary: 'List the hooks',
    scope: 'webhooks:read',
    session: 'none',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Hooks, oldest first', schema: pageOf(hook) } },
    problems: [],
    examples: { 200: { 'one hook': { data: [examples.hook], page: { complete: true } } } },
    async run({ caller, query }) {
      const records = await visible(sessions, caller, await store.list(caller.tenant))
      const { data, ...rest } = pageBy(records, query, byAge)
      return { status: 200, body: { data: data.map(shown), ...rest } }
    },
  })

  const get = operation({
    id: 'hooks.get',
    method: 'GET',
    path: '/hooks/{id}',
    summary: 'Read a hook',
    scope: 'webhooks:read',
    session: 'none',
    params,
    answers: { 200: { description: 'The hook', schema: hook } },
    problems: ['hook-not-found'],
    examples: { 200: { 'a hook': examples.hook } },
    run: async ({ caller, params: { id } }) => ({ status: 200, body: shown(await hookOf(access, caller, id)) }),
  })

  const update = operation({
    id: 'hooks.update',
    method: 'PATCH',
    path: '/hooks/{id}',
    summary: 'Change a hook; its URL stays',
    scope: 'webhooks:write',
    session: 'none',
    params,
    body: hookChange,
    answers: { 200: { description: 'The hook', schema: hook } },
    problems: ['hook-not-found', 'session-not-found', 'session-required', 'recipient-not-allowed', 'jid-malformed'],
    examples: {
      body: { 'somebody else': { to: 'juliet@example.com' }, 'the usual words': { template: null } },
      200: { 'a hook': examples.hook },
    },
    async run({ caller, params: { id }, body }) {
      const { name, session, to, format, template } = body
      const of = session === undefined ? undefined : await speakerOf(sessions, caller, session)
      const checked = to === undefined ? undefined : recipient(caller, to)
      for (;;) {
        const { template: before, ...record } = await hookOf(access, caller, id)
        const words = template === undefined ? before : (template ?? undefined)
        const changed = await store.update({
          ...record,
          ...(name !== undefined && { name }),
          ...(of !== undefined && { session: of }),
          ...(checked !== undefined && { to: checked }),
          ...(format !== undefined && { format }),
          ...(words !== undefined && { template: words }),
        })
        if (changed) return { status: 200, body: shown(changed) }
      }
    },
  })

  const remove = operation({
    id: 'hooks.remove',
    method: 'DELETE',
    path: '/hooks/{id}',
    summary: 'Remove a hook: its URL says nothing any more',
    scope: 'webhooks:write',
    session: 'none',
    params,
    answers: { 204: { description: 'It is gone' } },
    problems: ['hook-not-found'],
    examples: {},
    async run({ caller, params: { id } }) {
      await hookOf(access, caller, id)
      await store.remove(caller.tenant, id)
      return { status: 204 }
    },
  })

  return [create, list, get, update, remove]
}

/** Throws jid-malformed, recipient-not-allowed: the hook speaks without its maker. */
function recipient(caller: Caller, to: string): string {
  const address = jid(to, 'body.to')
  checkRecipient(caller, address)
  return address
}

function shown({ id, name, session, to, format, template, createdAt }: HookRecord) {
  return { id, name, session, to, format, ...(template !== undefined && { template }), createdAt: new Date(createdAt).toISOString() }
}
