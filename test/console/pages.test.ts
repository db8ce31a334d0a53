/** What is true of every view of the console: who can read it, who can use it, and what cannot harm it. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { AxeResults } from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { watchedPage } from '../support/watched-page.ts'
import { passwords, type Stage, startStage } from './stage.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** bytes of scripts as browsers load them */
const SCRIPT_MAX = 60 * 1024
const hostile = `<img src=x onerror="globalThis.harmed=1"><script>harmed=1</script> javascript:alert(1) \u202Eevil ${'W'.repeat(100_000)}`

describe('every view of the console', () => {
  let stage: Stage
  const ids: Record<string, string> = {}
  let webhook = ''
  let message = ''
  before(async () => {
    stage = await startStage()
    const { gateway } = stage
    for (const name of ['alice', 'bob'] as const) {
      ids[name] = (await gateway.login({ jid: `${name}@localhost`, password: passwords[name] })).id
    }
    const query = { session: ids.alice! }
    const contact = { name: '<img src=x onerror="globalThis.harmed=1">\u202E', groups: ['<script>harmed=1</script>'] }
    await gateway.api('PUT', '/roster/bob%40localhost', { query, body: contact })
    for (const body of [hostile, 'See https://example.com/?a=<b> and javascript:alert(1)'])
      await gateway.api('POST', '/messages', {
        query: { session: ids.bob! },
        body: { to: 'alice@localhost', body },
        headers: { prefer: 'wait=10' },
      })
    await gateway.api('PUT', '/rooms/verona%40conference.localhost', { query, body: { nick: 'Alice' } })
    await gateway.api('PATCH', '/rooms/verona%40conference.localhost', { query, body: { subject: hostile.slice(0, 1_000) } })
    message = (await gateway.api('POST', '/messages', { query, body: { to: 'bob@localhost', body: 'Hello' } })).body.id
    webhook = (await gateway.api('POST', '/webhooks', { body: { url: 'http://127.0.0.1:9/hook', types: ['message.received'] } })).body.id
  })
  after(() => stage?.stop())

  /** the place of each view, and what is in it when it is shown */
  const views = (): Record<string, [hash: string, there: (page: Page) => Locator]> => {
    const account = (tab: string) => `#/s/${ids.alice}/${tab}`
    const row = (hasText: string) => (page: Page) => page.getByRole('row').filter({ hasText }).first()
    return {
      sessions: ['#/sessions', row('localhost')],
      conversations: [account('conversations'), (page) => page.getByText(/See https/).first()],
      roster: [account('roster'), row('localhost')],
      rooms: [account('rooms/verona%40conference.localhost'), row('moderator')],
      events: [account('events'), row('message.received')],
      send: [account('send/messages.list'), (page) => page.getByLabel('Operation')],
      settings: [account('settings'), (page) => page.getByText('keeps a history')],
      translate: ['#/translate', (page) => page.getByRole('button', { name: 'To XML' })],
      message: [`#/message/${message}`, row('accepted')],
      webhooks: ['#/webhooks', row('127.0.0.1:9')],
      webhook: [`#/webhooks/${webhook}`, (page) => page.getByText('127.0.0.1:9').first()],
    }
  }

  async function show(page: Page, view: string): Promise<void> {
    const [hash, there] = views()[view]!
    await page.goto(`${stage.url}/console${hash}`)
    await there(page).waitFor()
  }

  for (const theme of ['light', 'dark'] as const) {
    it(`is without a serious finding of axe in the ${theme} theme`, async () => {
      const { page, faults } = await watchedPage(stage.browser, stage.url, { theme })
      const found: string[] = []
      async function examine(view: string): Promise<void> {
        await page.evaluate(axe)
        const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run())
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        found.push(...serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0]?.html.slice(0, 300)}`))
      }
      await page.goto(`${stage.url}/console`)
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      await examine('sign in')
      await page.getByLabel('API key or session token').fill(stage.gateway.key)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Open a session' }).click()
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
      await examine('keys')
      await page.keyboard.press('Escape')
      for (const view of Object.keys(views())) {
        await show(page, view)
        await examine(view)
      }
      assert.deepEqual(found, [])
      assert.deepEqual(faults, [])
      await page.close()
    })
  }

  it('shows what others write as text, whatever it is', async () => {
    const { page, faults } = await stage.open()
    for (const view of ['conversations', 'roster', 'rooms', 'events']) {
      await show(page, view)
      const made = await page.evaluate(`({
        harmed: 'harmed' in globalThis,
        elements: document.querySelectorAll('#console img, #console script, #console iframe').length,
        links: [...document.links].map((link) => link.protocol).filter((protocol) => !['http:', 'https:', 'xmpp:'].includes(protocol)),
        isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      })`)
      assert.deepEqual(made, { harmed: false, elements: 0, links: [], isWide: false }, view)
    }
    assert.deepEqual(faults, [])
    await page.close()
  })

  it('is used by keys alone', async () => {
    const { page } = await stage.open()
    const tabTo = async (name: string) => {
      for (let step = 0; step < 80; step += 1) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate('document.activeElement?.ariaLabel ?? document.activeElement?.textContent')
        if (focused === name) return
      }
      assert.fail(`${name} is not to be reached`)
    }
    await page.getByRole('link', { name: 'alice@localhost' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await tabTo('alice@localhost')
    await page.keyboard.press('Enter')
    await page.getByText('● live').waitFor()
    await page.getByLabel('Message').waitFor()
    await page.keyboard.press('m')
    await page.keyboard.type('By keys alone')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('By keys alone').waitFor()
    await page.keyboard.press('Escape')
    await tabTo('Conversations')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: 'Roster', selected: true }).waitFor()
    await tabTo('Sign out')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.close()
  })

  it('has of two thousand sessions only those in view in the page', async () => {
    const { page } = await watchedPage(stage.browser, stage.url)
    const { body } = await stage.gateway.api('GET', '/sessions')
    const data = Array.from({ length: 2_000 }, (_, index) => ({ ...body.data[0], id: `ses_${index}`, jid: `user${index}@localhost` }))
    await page.route('**/sessions?*', (route) => route.fulfill({ json: { data, page: { complete: true } } }))
    await page.goto(`${stage.url}/console`)
    await page.getByLabel('API key or session token').fill(stage.gateway.key)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'online 2000' }).waitFor()
    const table = page.getByRole('table', { name: 'All sessions' })
    assert.ok((await table.getByRole('row').count()) < 100)
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await table.getByRole('link', { name: 'user999@localhost' }).waitFor()
    await page.close()
  })

  it(`loads scripts of at most ${SCRIPT_MAX} bytes`, () => {
    const folder = fileURLToPath(new URL('../../dist/console/console', import.meta.url))
    const sizes = globSync('*.js', { cwd: folder }).map((file) => gzipSync(readFileSync(`${folder}/${file}`)).length)
    assert.ok(sizes.length > 0 && sizes.reduce((sum, size) => sum + size, 0) <= SCRIPT_MAX, String(sizes))
  })
})
