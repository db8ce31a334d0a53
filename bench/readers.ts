/** Many WebSockets in one process, which counts what reaches them. */
import { once } from 'node:events'
import { WebSocket } from 'ws'

const { url, count, token } = JSON.parse(process.argv[2]!) as { url: string; count: number; token?: string }
let arrived = 0
let wanted = Number.POSITIVE_INFINITY
for (let index = 0; index < count; index++) {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  await once(socket, 'open')
  socket.on('message', () => {
    arrived++
    if (arrived < wanted) return
    wanted = Number.POSITIVE_INFINITY
    process.send!({ arrived })
  })
}
process.on('message', ({ expect }: { expect: number }) => {
  arrived = 0
  wanted = expect
  process.send!({ armed: true })
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
