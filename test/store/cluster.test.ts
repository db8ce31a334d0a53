import { after, before } from 'node:test'
import { type RedisCluster, startRedisCluster } from '../support/redis.ts'
import { describeStore } from './contract.ts'
import { createOpener } from './open-redis.ts'

let cluster: RedisCluster
const opener = createOpener()
before(async () => {
  cluster = await startRedisCluster()
})
after(async () => {
  await opener.close()
  await cluster?.stop()
})

describeStore('Redis, a Cluster of three masters', (options) => opener.open(cluster.url, options))
