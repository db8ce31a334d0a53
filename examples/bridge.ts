/**
 * A room and a service that speaks by webhooks: what is said in one is said in the other.
 *
 *   stanzagate webhooks create https://bridge.example.com/room --types message.received   # says its secret
 *
 * `POST /room` is for that webhook, `POST /service/<SERVICE_TOKEN>` with `{id, user, text}` for the service, whose own hook is SERVICE_URL.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { createClient, StanzagateProblem, verifyWebhook } from 'stanzagate/client'

const { URL: url = 'http://127.0.0.1:8080', TOKEN: token, ROOM: room = '', WEBHOOK_SECRET: secret = '' } = process.env
const { SERVICE_URL: serviceUrl = '', SERVICE_TOKEN: serviceToken = '', PORT: port = '3000' } = process.env
if (!serviceToken) throw new Error('SERVICE_TOKEN is not set: without it anybody could speak in the room')
const client = createClient({ url, token })
await client.rooms.join({ room, nick: 'Bridge' })

/** Only what the service has taken is done: anything else comes again. */
async function fromRoom(body: string, headers: IncomingMessage['headers']): Promise<number> {
  const event = await verifyWebhook(body, headers, secret)
  if (event.type !== 'message.received') return 204
  const { room: said, text } = event.data
  if (said?.jid !== room || said.own || text === undefined) return 204
  const message = { id: event.id, user: said.nick, text }
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) }
  return (await fetch(serviceUrl, init)).ok ? 204 : 502
}

/** What comes twice under one id is said once. */
async function fromService(body: string): Promise<number> {
  const { id, user, text } = JSON.parse(body)
  await client.messages.send({ to: room, body: `${user}: ${text}`, idempotencyKey: `service-${id}` })
  return 202
}

createServer(async (request, response) => {
  try {
    const body = await text(request)
    if (request.url === '/room') response.statusCode = await fromRoom(body, request.headers)
    else if (request.url === `/service/${serviceToken}`) response.statusCode = await fromService(body)
    else response.statusCode = 404
  } catch (error) {
    console.error(String(error))
    response.statusCode = error instanceof StanzagateProblem ? error.status : 500
  }
  response.end()
}).listen(Number(port), () => console.log(`in ${room}, listening`))
