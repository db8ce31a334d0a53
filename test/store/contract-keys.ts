/** What every store does with API keys. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KEYS_MAX, type KeyRecord } from '../../src/gateway/ports/key.ts'
import type { Opened } from './contract.ts'
import { newId } from './sample.ts'

const record = (tenant: string, more: Partial<KeyRecord> = {}): Omit<KeyRecord, 'version'> => ({
  ...{ id: newId('key'), tenant, hash: newId('hash'), name: 'bot', scopes: ['messages:write'], createdAt: 1_000 },
  ...more,
})

export function describeKeys(opened: Opened): void {
  describe('an API key', () => {
    test('is found by its hash, read by its id, and listed by its age, in its tenant alone', async () => {
      const { store } = await opened()
      const [tenant, other] = [newId('tenant'), newId('tenant')]
      const young = record(tenant, { createdAt: 2_000, recipients: ['@a.example'], expiresAt: 9_000 })
      const old = record(tenant)
      assert.deepEqual(await store.keys.create(young), { ...young, version: 1 })
      await store.keys.create(old)
      assert.deepEqual(await store.keys.find(young.hash), { tenant, id: young.id })
      assert.equal(await store.keys.find(newId('hash')), undefined)
      assert.deepEqual(await store.keys.read(tenant, young.id), { ...young, version: 1 })
      assert.equal(await store.keys.read(other, young.id), undefined)
      const ids = async (whose: string) => (await store.keys.list(whose)).map(({ id }) => id)
      assert.deepEqual(new Set(await ids(tenant)), new Set([old.id, young.id]))
      assert.deepEqual(await ids(other), [])
    })

    test('tells when it was used last', async () => {
      const { store } = await opened()
      const { id, tenant } = (await store.keys.create(record(newId('tenant')))) as KeyRecord
      await store.keys.read(tenant, id)
      assert.equal(await store.keys.lastUsed(tenant, id), undefined)
      await store.keys.read(tenant, id, 1_234)
      assert.equal(await store.keys.lastUsed(tenant, id), 1_234)
      assert.equal((await store.keys.list(tenant))[0]?.lastUsedAt, 1_234)
    })

    test('is changed by one of two who change it at once', async () => {
      const { store } = await opened()
      const made = (await store.keys.create(record(newId('tenant')))) as KeyRecord
      const both = await Promise.all(['one', 'other'].map((name) => store.keys.update({ ...made, name })))
      const [won] = both.filter((one) => one !== undefined)
      assert.equal(both.filter((one) => one === undefined).length, 1)
      assert.deepEqual(await store.keys.read(made.tenant, made.id), won)
      assert.equal(won?.version, 2)
    })

    test('that is removed is gone, and cannot be changed or used', async () => {
      const { store } = await opened()
      const made = (await store.keys.create(record(newId('tenant')))) as KeyRecord
      const { tenant, id, hash } = made
      assert.equal(await store.keys.remove(tenant, id), true)
      assert.equal(await store.keys.remove(tenant, id), false)
      assert.equal(await store.keys.find(hash), undefined)
      assert.equal(await store.keys.read(tenant, id, 1_234), undefined)
      assert.equal(await store.keys.update(made), undefined)
      assert.equal(await store.keys.lastUsed(tenant, id), undefined)
    })

    test('is one of so many of a tenant', async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      await Promise.all(Array.from({ length: KEYS_MAX }, () => store.keys.create(record(tenant))))
      assert.equal(await store.keys.create(record(tenant)), undefined)
    })
  })
}
