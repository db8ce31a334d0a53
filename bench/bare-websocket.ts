/** The yardstick for fan-out: ws alone, each event stringified once and written to every socket. */
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('listening', () => process.send!({ ready: (server.address() as { port: number }).port }))
process.on('message', async ({ send, event }: { send: number; event: unknown }) => {
  for (let sent = 0; sent < send; sent++) {
    const frame = JSON.stringify(event)
    for (const socket of server.clients) socket.send(frame)
    if (sent % 5 === 4) await new Promise((resolve) => setImmediate(resolve))
  }
  process.send!({ sent: send })
})
process.on('disconnect', () => process.exit(0))
