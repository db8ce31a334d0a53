import { after, before } from 'node:test'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { describeStore } from './contract.ts'
import { createOpener } from './open-redis.ts'

let server: RedisServer
const opener = createOpener()
before(async () => {
  server = await startRedis()
})
after(async () => {
  await opener.close()
  await server?.stop()
})

describeStore('Redis, standalone', (options) => opener.open(server.url, options))
