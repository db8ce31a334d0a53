/** A consumer of webhooks: it takes everything, and counts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let arrived = 0
let wanted = Number.POSITIVE_INFINITY
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(204).end()
    arrived += 1
    if (arrived < wanted) return
    wanted = Number.POSITIVE_INFINITY
    process.send!({ arrived })
  })
})
process.on('message', ({ expect }: { expect: number }) => {
  arrived = 0
  wanted = expect
  process.send!({ armed: true })
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send!({ ready: (server.address() as AddressInfo).port }))
