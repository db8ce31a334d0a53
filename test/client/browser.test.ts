import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import type * as ClientModule from '../../src/client/client.ts'
import { startBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

declare global {
  var stanzagate: typeof ClientModule
}

/** A page that has the client as a script, and the one thing of a back end: it gives tickets for a session. */
async function startSite(ticket: () => Promise<object>) {
  const entryPoints = [fileURLToPath(new URL('../../src/client/client.ts', import.meta.url))]
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'iife', globalName: 'stanzagate', write: false })
  const site = createServer(async ({ url }, response) => {
    if (url === '/ticket') return response.end(JSON.stringify(await ticket()))
    const isScript = url === '/client.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0]!.text : '<!doctype html><script src="/client.js"></script>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(site.address() as { port: number }).port}`, stop: () => site.close() }
}

describe('the client in Chromium', () => {
  let server: XmppServer
  let gateway: TestGateway
  let site: Awaited<ReturnType<typeof startSite>>
  let browser: Browser
  let page: Page

  before(async () => {
    server = await startProsody({ users: { alice: 'alice-password', bob: 'bob-password' } })
    site = await startSite(async () => (await gateway.api('POST', '/tickets', { query: { session: 'bob@localhost' } })).body)
    gateway = await startGateway({ server, env: { ALLOWED_ORIGINS: site.url } })
    for (const user of ['alice', 'bob']) await gateway.login({ jid: `${user}@localhost`, password: `${user}-password` })
    browser = await startBrowser()
    page = await browser.newPage()
    await page.goto(site.url)
  })
  after(async () => {
    await browser?.close()
    site?.stop()
    await gateway?.stop()
    await server?.stop()
  })

  it('has the events and the calls of a session by tickets of the own back end, without a key', async () => {
    const heard = page.evaluate(async (url) => {
      const getTicket = async () => (await (await fetch('/ticket')).json()) as ClientModule.GivenTicket
      const client = stanzagate.createClient({ url, getTicket })
      for await (const event of client.events({ after: '0', types: ['message.received'] })) {
        if (event.type !== 'message.received') continue
        const { from = '', body } = event.data
        const { status } = await client.messages.send({ to: from, body: 'Good evening', wait: 10 })
        const problem = await client.messages.send({ to: 'a@@', body: '' }).catch((error: unknown) => error)
        return { body, status, code: problem instanceof stanzagate.StanzagateProblem && problem.code }
      }
    }, gateway.url)
    await gateway.api('POST', '/messages', { query: { session: 'alice@localhost' }, body: { to: 'bob@localhost', body: 'Good morning' } })
    assert.deepEqual(await heard, { body: 'Good morning', status: 'acked', code: 'jid-malformed' })
  })

  it('has the same by a token, over HTTP from another origin', async () => {
    const { token } = await gateway.login({ jid: 'bob@localhost', password: 'bob-password' })
    const told = await page.evaluate(
      async ({ url, token }) => {
        const client = stanzagate.createClient({ url, token })
        const { value } = await client.events({ after: '0', types: 'message.received' }).next()
        const problem = await client.sessions.get({ id: 'none' }).catch((error: unknown) => error)
        return { type: value?.type, jid: (await client.sessions.list()).data[0]?.jid, code: (problem as { code: string }).code }
      },
      { url: gateway.url, token },
    )
    assert.deepEqual(told, { type: 'message.received', jid: 'bob@localhost', code: 'session-not-found' })
  })
})
