import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { StanzagateProblem, verifyWebhook } from '../../src/client/client.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const other = `whsec_${randomBytes(32).toString('base64')}`
const event = { specversion: '1.0', id: 'Zb0k-1', type: 'message.received', data: { body: 'Grüße 🦓 <&>' } }
const body = JSON.stringify(event)

const signed = (key: string, at = new Date()) => ({
  'webhook-id': event.id,
  'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
  'webhook-signature': new Webhook(key).sign(event.id, at, body),
})
const isRefused = (error: unknown) => error instanceof StanzagateProblem && error.code === 'webhook-not-verified' && error.status === 401
const minutes = (count: number) => new Date(Date.now() + count * 60_000)

test('a webhook that was signed by the Standard Webhooks library is verified, whatever its headers are in', async () => {
  const headers = signed(secret)
  assert.deepEqual(await verifyWebhook(body, headers, secret), event)
  assert.deepEqual(await verifyWebhook(new TextEncoder().encode(body), new Headers(headers), secret), event)
  const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]))
  assert.deepEqual(await verifyWebhook(body, shouted, [other, secret]), event)
})

test('while a secret is rotated, one signature of two is enough', async () => {
  const headers = {
    ...signed(secret),
    'webhook-signature': `${signed(other)['webhook-signature']} v2,AAAA ${signed(secret)['webhook-signature']}`,
  }
  assert.deepEqual(await verifyWebhook(body, headers, secret), event)
})

test('everything else is refused', async () => {
  const headers = signed(secret)
  await assert.rejects(verifyWebhook(body, signed(other), secret), isRefused)
  await assert.rejects(verifyWebhook(`${body} `, headers, secret), isRefused)
  await assert.rejects(verifyWebhook(body, { ...headers, 'webhook-id': 'Zb0k-2' }, secret), isRefused)
  await assert.rejects(verifyWebhook(body, { ...headers, 'webhook-signature': 'v1,' }, secret), isRefused)
  await assert.rejects(verifyWebhook(body, { ...headers, 'webhook-signature': 'v1,***' }, secret), isRefused)
  await assert.rejects(verifyWebhook(body, signed(secret, minutes(-6)), secret), isRefused)
  await assert.rejects(verifyWebhook(body, signed(secret, minutes(6)), secret), isRefused)
  await assert.rejects(verifyWebhook(body, { ...headers, 'webhook-timestamp': 'now' }, secret), isRefused)
  await assert.rejects(verifyWebhook(body, {}, secret), isRefused)
  await assert.rejects(verifyWebhook(body, headers, 'whsec_'), TypeError)
})
