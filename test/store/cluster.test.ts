import { after, before } from 'node:test'
import { type RedisCluster, startRedisCluster } from '../support/redis.ts'
import { createWallClock } from '../support/wall-clock.ts'
import { describeStore } from './contract.ts'
import { createOpener } from './open-redis.ts'
import { createClock } from './sample.ts'

let cluster: RedisCluster
const opener = createOpener()
const wallClock = createWallClock()
before(async () => {
  cluster = await startRedisCluster({ clock: wallClock })
})
after(async () => {
  await opener.close()
  await cluster?.stop()
})

describeStore(
  'Redis, a Cluster of three masters',
  (options) => opener.open(cluster.url, options),
  // its own time of day, whatever this process's is
  () => ({ ...createClock(), ...wallClock }),
)
