/** Many WebSockets in one process, which counts what reaches them. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { countArrivals } from './arrivals.ts'

const { url, count, token } = JSON.parse(process.argv[2]!) as { url: string; count: number; token?: string }
const arrive = countArrivals()
for (let index = 0; index < count; index++) {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  await once(socket, 'open')
  socket.on('message', arrive)
}
process.send!({ ready: true })
