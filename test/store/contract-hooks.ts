/** URLs that other services call. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HOOKS_MAX, type HookRecord } from '../../src/gateway/ports/hook.ts'
import type { Opened } from './contract.ts'
import { newId } from './sample.ts'

type Draft = Omit<HookRecord, 'createdAt' | 'version'>

const draft = (given: Partial<Draft> = {}): Draft => ({
  ...{ id: newId('hok'), tenant: newId('tenant'), name: 'alerts', session: 'ses_1', to: 'juliet@example.com' },
  ...{ format: 'text', hash: newId('hash') },
  ...given,
})

export function describeHooks(opened: Opened): void {
  describe('hooks', () => {
    test('are there until they are removed, found by the hash of their token too', async () => {
      const { hooks } = (await opened()).store
      const first = draft()
      const made = await hooks.create(first)
      assert.deepEqual(made, { ...first, createdAt: made?.createdAt, version: 1 })
      assert.deepEqual(await hooks.get(first.tenant, first.id), made)
      assert.deepEqual(await hooks.find(first.hash), made)
      const second = await hooks.create(draft({ tenant: first.tenant, template: '{{a}}' }))
      assert.deepEqual(new Set((await hooks.list(first.tenant)).map(({ id }) => id)), new Set([first.id, second!.id]))
      assert.equal(await hooks.find(newId('hash')), undefined)
      assert.equal(await hooks.get(newId('tenant'), first.id), undefined)
      assert.equal(await hooks.remove(newId('tenant'), first.id), false)
      assert.equal(await hooks.remove(first.tenant, first.id), true)
      assert.equal(await hooks.remove(first.tenant, first.id), false)
      assert.equal(await hooks.find(first.hash), undefined)
      assert.deepEqual(await hooks.list(first.tenant), [second])
    })

    test('are changed by who has seen the last change', async () => {
      const { hooks } = (await opened()).store
      const made = (await hooks.create(draft()))!
      const changed = await hooks.update({ ...made, name: 'other' })
      assert.deepEqual(changed, { ...made, name: 'other', version: 2 })
      assert.equal(await hooks.update({ ...made, name: 'late' }), undefined)
      assert.deepEqual(await hooks.find(made.hash), changed)
    })

    test(`are ${HOOKS_MAX} of a tenant at most`, async () => {
      const { hooks } = (await opened()).store
      const tenant = newId('tenant')
      const made = await Promise.all(Array.from({ length: HOOKS_MAX }, () => hooks.create(draft({ tenant }))))
      assert.ok(made.every((one) => one !== undefined))
      assert.equal(await hooks.create(draft({ tenant })), undefined)
    })

    test('remember what was told last of each group', async () => {
      const { hooks } = (await opened()).store
      const hook = (await hooks.create(draft()))!
      assert.equal(await hooks.told(hook, '{}:{a="b"}'), undefined)
      await hooks.tell(hook, '{}:{a="b"}', { state: 'firing', count: 1 })
      await hooks.tell(hook, 'other', { state: 'resolved', count: 7 })
      assert.deepEqual(await hooks.told(hook, '{}:{a="b"}'), { state: 'firing', count: 1 })
      assert.deepEqual(await hooks.told(hook, 'other'), { state: 'resolved', count: 7 })
    })
  })
}
