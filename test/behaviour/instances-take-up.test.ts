/** An instance takes up many sessions that know as much as sessions may. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createOpener } from '../store/open-redis.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

const names = ['romeo', 'juliet', 'mercutio', 'paris', 'tybalt', 'rosaline', 'benvolio', 'nurse']
/** 7 MiB of each */
const PRESENCES = 35_000
const STATUS = 'x'.repeat(120)
/** presences in one write of the test */
const WRITTEN = 5_000
/** ms that somebody else may wait meanwhile, and until all sessions are up */
const BYSTANDER = 1_000
const UP = 60_000
/** of the one that writes what the sessions know, in place of an instance */
const WRITER = 'writer'

let server: XmppServer
let fleet: Fleet
const opener = createOpener()
before(async () => {
  server = await startProsody({ users: users(...names) })
  fleet = await startFleet(1, { server })
})
after(async () => {
  await opener.close()
  await fleet?.stop()
  await server?.stop()
})

it('nobody else waits while large sessions are taken up, and they know all of it', { timeout: 180_000 }, async () => {
  const [first] = fleet.instances
  const ids: string[] = []
  for (const name of names)
    ids.push((await first!.login({ jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service })).id)
  await first!.stop()

  const store = await opener.open(fleet.redis.url)
  await store.instances.beat(WRITER, { ttl: 120_000, load: null, anew: true })
  const leases = await Promise.all(ids.map((id) => store.leases.acquire(id, WRITER)))
  const second = await fleet.join()
  for (const [index, id] of ids.entries()) {
    for (let from = 0; from < PRESENCES; from += WRITTEN) {
      const state = Array.from({ length: WRITTEN }, (_, at) => {
        const key = `a${from + at}@other.example/phone`
        return { kind: 'presence', key, value: { from: key, status: STATUS } }
      })
      await store.commit(id, leases[index]!.fence, { state })
    }
  }
  await Promise.all(ids.map((id, index) => store.leases.release(id, WRITER, leases[index]!.fence)))
  await store.instances.leave(WRITER)

  let longest = 0
  let done = false
  const watching = (async () => {
    while (!done) {
      const asked = performance.now()
      assert.equal((await second.api('GET', '/health/live', { timeout: 10_000 })).status, 200)
      longest = Math.max(longest, performance.now() - asked)
      await delay(5)
    }
  })()
  try {
    await until(async () => {
      const all = await Promise.all(ids.map((id) => fleet.instanceOf(id, second)))
      return all.every(({ instance, state }) => instance === 'i1' && state === 'online')
    }, UP)
  } finally {
    done = true
    await watching
  }
  assert.ok(longest < BYSTANDER, `somebody waited ${Math.round(longest)} ms`)
  for (const id of ids) assert.equal((await store.state.keys(id, 'presence')).length, PRESENCES)
})
