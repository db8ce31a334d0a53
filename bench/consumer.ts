/** A consumer of webhooks: it takes everything, and counts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { countArrivals } from './arrivals.ts'

const arrive = countArrivals()
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(204).end()
    arrive()
  })
})
server.listen(0, '127.0.0.1', () => process.send!({ ready: (server.address() as AddressInfo).port }))
