import { createClient } from 'stanzagate/client'

const { URL: url = 'http://127.0.0.1:8080', KEY: key, JID: jid = '', PASSWORD: password = '', SERVICE: service } = process.env
const client = createClient({ url, key })
const { id: session } = await client.sessions.open({ jid, password, ...(service && { service }) })
console.log(`${jid} is online`)

for await (const event of client.events({ session, types: 'message.received', consumer: 'bot' })) {
  if (event.type !== 'message.received') continue
  const { from, body } = event.data
  if (from === undefined || body === undefined) continue
  // the key is the event's: should it come twice, it is answered once
  await client.messages.send({ session, to: from, body: `You said: ${body}`, idempotencyKey: event.id })
}
