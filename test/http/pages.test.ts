/** What people open in a browser, as Chromium shows it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { buildConsole } from '../../scripts/console.ts'
import { startBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { watchedPage } from '../support/watched-page.ts'
import { startApp } from './support.ts'

describe('the reference at /docs', () => {
  let gateway: TestGateway
  let browser: Browser
  before(async () => {
    await buildConsole()
    gateway = await startGateway()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  it('shows an operation with its examples, and asks nobody else for anything', async () => {
    const { page, faults } = await watchedPage(browser, gateway.url)
    await page.goto(`${gateway.url}/docs#tag/messages/POST/messages`)
    await page.getByRole('heading', { name: 'Send a message' }).waitFor()
    await page.getByText('Art thou not Romeo, and a Montague?').first().waitFor()
    assert.deepEqual(faults, [])
    await page.close()
  })

  it('sends a request to the gateway that runs it, with the token that is given', async () => {
    const { page, faults } = await watchedPage(browser, gateway.url)
    await page.goto(`${gateway.url}/docs#tag/me/GET/me`)
    await page.getByRole('button', { name: /Test Request.*\/me/ }).click()
    const client = page.getByRole('dialog')
    await client.getByRole('textbox', { name: 'Bearer Token' }).fill(gateway.key)
    const answered = page.waitForResponse(`${gateway.url}/me`)
    await client.getByRole('button', { name: /^Send get request/i }).click()
    const answer = await answered
    assert.deepEqual([answer.status(), (await answer.json()).tenant], [200, 'main'])
    assert.deepEqual(faults, [])
    await page.close()
  })
})

describe('pages', () => {
  it('say what they are made of, nobody keeps them, and they are small for who can read that', async (t) => {
    await buildConsole()
    const { api, url } = await startApp(t)
    for (const path of ['/docs', '/docs/scalar.js', '/console']) {
      const { status, headers, text } = await api('GET', path, { key: null })
      assert.equal(status, 200)
      assert.match(headers.get('content-type') ?? '', /^text\/(?:html|javascript); charset=utf-8$/)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.equal(headers.get('content-encoding'), 'gzip')
      const plain = await fetch(url + path, { headers: { 'accept-encoding': 'gzip;q=0' } })
      assert.deepEqual([plain.headers.get('content-encoding'), await plain.text()], [null, text])
      assert.equal((await api('HEAD', path, { key: null })).status, 200)
    }
  })

  it('may run scripts of the gateway alone; the console makes none of text', async (t) => {
    await buildConsole()
    const { api } = await startApp(t)
    const policy = async (path: string) => (await api('GET', path, { key: null })).headers.get('content-security-policy') ?? ''
    for (const path of ['/docs', '/console']) {
      assert.match(await policy(path), /^default-src 'none'; script-src 'self'(?: 'sha256-[^']+')?; style-src 'self'/)
      assert.match(await policy(path), /frame-ancestors 'none'/)
    }
    assert.match(await policy('/console'), /style-src 'self';.*require-trusted-types-for 'script'; trusted-types 'none'$/)
  })

  it('begin with the console, and with the reference where that is off', async (t) => {
    await buildConsole()
    const on = await startApp(t)
    const root = await on.api('GET', '/', { key: null })
    assert.deepEqual([root.status, root.headers.get('location')], [302, '/console'])
    assert.equal((await on.api('GET', '/console/none.js', { key: null })).status, 404)
    const off = await startApp(t, { env: { CONSOLE: 'off' } })
    assert.equal((await off.api('GET', '/', { key: null })).headers.get('location'), '/docs')
    assert.deepEqual((await off.api('GET', '/console', { key: null })).body.code, 'not-found')
  })
})
