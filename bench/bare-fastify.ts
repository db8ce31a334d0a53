/** The yardstick for HTTP: Fastify alone, the body checked by its own validator, answering 202. */
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'

const app = fastify()
const text = { type: 'string' }
const body = { type: 'object', required: ['to', 'body'], additionalProperties: false, properties: { to: text, type: text, body: text } }
const answer = { type: 'object', properties: { id: text, status: text, originId: text } }
app.post('/messages', { schema: { body, response: { 202: answer } } }, async (_, reply) =>
  reply.code(202).send({ id: 'x', status: 'accepted', originId: 'x' }),
)
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('disconnect', () => process.exit(0))
process.send!({ ready: (app.server.address() as AddressInfo).port })
