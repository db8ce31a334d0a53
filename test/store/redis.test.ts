import { after, before } from 'node:test'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createWallClock } from '../support/wall-clock.ts'
import { describeStore } from './contract.ts'
import { createOpener } from './open-redis.ts'
import { createClock } from './sample.ts'

let server: RedisServer
const opener = createOpener()
const wallClock = createWallClock()
before(async () => {
  server = await startRedis({ clock: wallClock })
})
after(async () => {
  await opener.close()
  await server?.stop()
})

describeStore(
  'Redis, standalone',
  (options) => opener.open(server.url, options),
  // its own time of day, whatever this process's is
  () => ({ ...createClock(), ...wallClock }),
)
