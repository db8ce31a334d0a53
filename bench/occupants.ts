/** The others in a room: logs them in, brings them into it, and lets one of them speak. */
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { type RawOptions, rawClient } from './raw-client.ts'

/** log-ins at one time */
const PARALLEL = 8
/** ms between looks whether all have come */
const LOOK = 250

const { room, ...options } = JSON.parse(process.argv[2]!) as Omit<RawOptions, 'user'> & { room: string }
const sockets: TLSSocket[] = []

async function comeIn(user: string): Promise<void> {
  const { socket } = await rawClient({ ...options, user })
  let heard = ''
  const onData = (chunk: Buffer) => {
    heard = (heard + chunk.toString('latin1')).slice(-65_536)
  }
  socket.on('data', onData)
  socket.write(`<presence to='${room}/${user}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`)
  // its own presence
  while (!/code=['"]110['"]/.test(heard)) await new Promise((resolve) => setTimeout(resolve, LOOK))
  socket.off('data', onData)
  socket.resume()
  sockets.push(socket)
}

/** The first one makes the room. */
async function come(users: string[]): Promise<void> {
  const isFirst = sockets.length === 0
  if (isFirst) {
    await comeIn(users.shift() ?? '')
    sockets[0]!.write(
      `<iq type='set' id='open' to='${room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
    )
  }
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let user = users.shift(); user !== undefined; user = users.shift()) await comeIn(user)
    }),
  )
}

async function speak(count: number, body: string): Promise<void> {
  const [speaker] = sockets
  for (let said = 0; said < count; said += 1)
    if (!speaker!.write(`<message to='${room}' type='groupchat' id='g${said}'><body>${body}</body></message>`))
      await once(speaker!, 'drain')
}

process.on('message', async (asked: { come: string[] } | { speak: number; body: string }) => {
  if ('come' in asked) await come(asked.come)
  else await speak(asked.speak, asked.body)
  process.send!({ done: true })
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
