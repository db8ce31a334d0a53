/** Bounds of what is kept for some time: records, answers, what copies are known by, outcomes of iqs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Opened } from './contract.ts'
import { acceptance, came, countedBounds, eventually, messageRecord, ownedSession } from './sample.ts'

const range = (count: number) => Array.from({ length: count }, (_, n) => n)
const answer = { status: 202, body: { id: 'm' } }

export function describeKept(opened: Opened): void {
  describe('what is kept for some time', () => {
    test('is bounded in number: the oldest records go, but none of a message that waits', async () => {
      const { metrics, counted } = countedBounds()
      const { store } = await opened({ keptMax: 100 }, metrics)
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['waits']))
      let last = 0
      const write = async () => {
        const ids = range(10).map((k) => `m${last}-${k}`)
        await store.outbox.accept(id, acceptance(ids))
        await store.commit(id, fence, { settled: ids, events: [{ type: 'a', data: 1 }] })
        last += 1
      }
      for (const _ of range(9)) await write()
      assert.deepEqual([(await store.records.get(id, 'm0-0'))?.id, counted.kept], ['m0-0', undefined])
      // which writes look for it nobody can say
      await eventually(async () => {
        await write()
        return last > 30 && (await store.records.get(id, `m${last - 12}-9`)) === undefined
      })
      assert.equal((await store.records.get(id, `m${last - 9}-9`))?.id, `m${last - 9}-9`)
      assert.equal((await store.records.get(id, 'waits'))?.id, 'waits')
      assert.ok(counted.kept! > 100 && counted.kept! < last * 10, JSON.stringify(counted))
    })

    test('is bounded in bytes', async () => {
      const { store } = await opened({ keptBytes: 200_000 })
      const { id, fence } = await ownedSession(store)
      const error = { code: 'refused', detail: 'x'.repeat(700) }
      const write = (n: number) =>
        store.commit(id, fence, { records: range(20).map((k) => messageRecord(`m${n}-${k}`, { status: 'failed', error })) })
      for (const n of range(50)) await write(n)
      let last = 50
      // which writes look for it nobody can say
      await eventually(async () => {
        await write(++last)
        return (await store.records.get(id, `m${last - 20}-0`)) === undefined
      })
      assert.equal((await store.records.get(id, `m${last}-19`))?.id, `m${last}-19`)
    })

    test('is bounded whatever it is: of what there is most the oldest goes, and the rest stays', async () => {
      const { metrics, counted } = countedBounds()
      const { store } = await opened({ keptMax: 60, recordAge: 72 * 3_600_000 }, metrics)
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m'], { key: 'first', fingerprint: 'f', answer }))
      await store.commit(id, fence, { settled: ['m'] })
      const tell = (n: number) => store.commit(id, fence, { events: [{ type: 'a', data: n, copy: came(`/live/${n}/`, `key ${n}`) }] })
      const [first] = await tell(0)
      /** writes until the first of them is gone */
      const fill = async (write: (n: number) => Promise<unknown>, isGone: () => Promise<boolean>) => {
        let n = 0
        await eventually(async () => {
          await write(n++)
          return n > 100 && (await isGone())
        })
        return n - 1
      }
      await fill(
        (n) => store.commit(id, fence, { records: [messageRecord(`r${n}`)] }),
        async () => (await store.records.get(id, 'r0')) === undefined,
      )
      // other things that were kept are as they were
      const again = await store.outbox.accept(id, acceptance(['n'], { key: 'first', fingerprint: 'f', answer }))
      assert.deepEqual(again, { kind: 'replayed', answer })
      const copy = { ...came('/archive/', 'key 0') }
      assert.deepEqual(await store.commit(id, fence, { events: [{ type: 'a', data: 0, copy }] }), [first])
      const last = await fill(
        (n) => store.commit(id, fence, { iqs: [{ id: `q${n}`, session: id, status: 'result' }], events: [{ type: 'a', data: n }] }),
        async () => (await store.iqs.get(id, 'q0')) === undefined,
      )
      assert.equal((await store.iqs.get(id, `q${last}`))?.id, `q${last}`)
      assert.ok(counted.kept! > 0)
    })
  })
}
