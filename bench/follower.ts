/** One reader of many sessions: as many WebSockets as their subscriptions need, and the events of all of them are counted. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { countArrivals } from './arrivals.ts'

/** subscriptions that a socket may have */
const OF_A_SOCKET = 100

const { url, token, sessions } = JSON.parse(process.argv[2]!) as { url: string; token: string; sessions: string[] }
const arrive = countArrivals()
for (let from = 0; from < sessions.length; from += OF_A_SOCKET) {
  const [first, ...others] = sessions.slice(from, from + OF_A_SOCKET).map((session) => ({ session, types: 'message.received' }))
  const socket = new WebSocket(`${url}?${new URLSearchParams(first)}`, {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${token}` },
  })
  await once(socket, 'open')
  for (const [id, params] of others.entries()) {
    const answered = once(socket, 'message')
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'events.subscribe', params }))
    await answered
  }
  socket.on('message', arrive)
}
process.send!({ ready: true })
