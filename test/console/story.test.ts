import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { passwords, type Stage, startStage } from './stage.ts'

describe('the console, from sign-in to a message that is delivered', () => {
  let stage: Stage
  let receiver: Receiver
  let page: Page
  let faults: readonly string[]
  before(async () => {
    stage = await startStage()
    receiver = await startReceiver()
    ;({ page, faults } = await stage.open())
  })
  after(async () => {
    await stage?.stop()
    await receiver?.stop()
  })

  async function openSession(name: 'alice' | 'bob'): Promise<void> {
    await page.getByRole('button', { name: 'Open a session' }).click()
    await page.getByLabel('JID').fill(`${name}@localhost`)
    await page.getByLabel('Password').fill(passwords[name])
    await page.getByLabel('Service').fill(stage.server.service)
    await page.keyboard.press('Enter')
    const row = page.getByRole('row').filter({ hasText: `${name}@localhost` })
    await row.getByText('online').waitFor()
  }
  async function look(name: string, tab?: 'Roster' | 'Rooms' | 'Events' | 'Send' | 'Settings'): Promise<void> {
    await page.getByRole('link', { name: 'Sessions' }).click()
    await page.getByRole('heading', { name: 'Sessions' }).waitFor()
    await page.getByRole('link', { name: `${name}@localhost` }).click()
    await page.getByRole('heading', { name: `${name}@localhost` }).waitFor()
    await page.getByText('● live').waitFor()
    if (tab) await page.getByRole('tab', { name: tab }).click()
  }
  const send = async (body: string) => {
    await page.getByLabel('Message').fill(body)
    await page.keyboard.press('Enter')
  }
  /** what is said in the conversation that is open, in its order */
  const bodies = () => page.getByRole('log').locator('.body').allInnerTexts()
  const until = async (text: string) => await page.getByRole('log').getByText(text, { exact: true }).first().waitFor()

  it('says of a wrong key what is wrong with it', async () => {
    const other = await stage.browser.newPage()
    await other.goto(`${stage.url}/console`)
    await other.getByLabel('API key or session token').fill('sgk_nobody-has-this-key-nobody-has-this')
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('alert').getByText('unauthorized').waitFor()
    await other.close()
  })

  it('opens sessions, and says why one cannot be', async () => {
    await openSession('alice')
    await openSession('bob')
    await page.getByRole('button', { name: 'Open a session' }).click()
    await page.getByLabel('JID').fill('carol@localhost')
    await page.getByLabel('Password').fill('wrong')
    await page.getByLabel('Service').fill(stage.server.service)
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('xmpp-authentication-failed').waitFor()
  })

  it('lets two accounts see each other', async () => {
    await look('alice', 'Roster')
    await page.getByLabel('JID').fill('bob@localhost')
    await page.getByLabel('Name').fill('Bob')
    await page.getByRole('button', { name: 'Add contact' }).click()
    await page.getByRole('row').filter({ hasText: 'bob@localhost' }).getByText('asked').waitFor()
    await look('bob', 'Roster')
    await page.getByRole('group', { name: 'alice@localhost' }).getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('row').filter({ hasText: 'alice@localhost' }).getByText('they see you').waitFor()
    await look('alice', 'Roster')
    await page.getByRole('row').filter({ hasText: 'bob@localhost' }).getByText('you see them').waitFor()
  })

  it('sends a message by Enter, and shows how far it came until it is delivered', async () => {
    await look('alice')
    await send('Hello <b>Bob</b>')
    await until('Hello <b>Bob</b>')
    await page.getByRole('log').getByText('acked').waitFor()
    await look('bob')
    await until('Hello <b>Bob</b>')
    await page.getByRole('button', { name: 'Send receipt' }).click()
    await send('Hello Alice')
    await until('Hello Alice')
    await look('alice')
    await page.getByRole('log').getByText('delivered').waitFor()
    assert.deepEqual(await bodies(), ['Hello <b>Bob</b>', 'Hello Alice'])
  })

  it('shows what happened as events, filtered as a program would, and each as it is', async () => {
    await page.getByRole('tab', { name: 'Events' }).click()
    const log = page.getByRole('table', { name: 'Log' })
    await log.getByText('message.delivered').waitFor()
    await page.getByLabel('Types').fill('message.received')
    await page.keyboard.press('Enter')
    await log.getByText('message.delivered').waitFor({ state: 'detached' })
    await log.getByRole('button', { name: 'message.received' }).last().click()
    await page.getByLabel('Event', { exact: true }).getByText('"body": "Hello Alice"').waitFor()
    await page.getByRole('button', { name: 'As XML' }).click()
    await page.getByLabel('Event', { exact: true }).getByText('<body>Hello Alice</body>').waitFor()
  })

  it('loses nothing over a cut of its link', async () => {
    await look('alice')
    stage.link.refuse(true)
    stage.link.cut()
    await page.getByText('◐ reconnecting').waitFor()
    const said = ['one', 'two', 'three']
    for (const body of said) {
      const query = { session: 'bob@localhost' }
      await stage.gateway.api('POST', '/messages', { query, body: { to: 'alice@localhost', body }, headers: { prefer: 'wait=10' } })
    }
    stage.link.refuse(false)
    await page.getByText('● live').waitFor()
    await until('three')
    assert.deepEqual(await bodies(), ['Hello <b>Bob</b>', 'Hello Alice', ...said])
  })

  it('keeps what it could not send, and sends it once', async () => {
    stage.link.refuse(true)
    stage.link.cut()
    await send('Is this lost?')
    await page.getByText('The gateway cannot be reached.').waitFor()
    stage.link.refuse(false)
    await page.getByRole('button', { name: 'Retry' }).click()
    await until('Is this lost?')
    assert.equal((await bodies()).filter((body) => body === 'Is this lost?').length, 1)
  })

  it('joins a room, asks somebody to come, and talks there', async () => {
    await look('alice', 'Rooms')
    await page.getByLabel('Room', { exact: true }).fill('verona@conference.localhost')
    await page.getByLabel('Nick').fill('Juliet')
    await page.keyboard.press('Enter')
    const occupants = page.getByRole('table', { name: 'Occupants' })
    await occupants.getByRole('row').filter({ hasText: 'Juliet' }).getByText('owner').waitFor()
    await page.getByLabel('Whom').fill('bob@localhost')
    await page.keyboard.press('Enter')
    await page.getByText('bob@localhost was invited.').waitFor()
    await look('bob', 'Rooms')
    await page.getByRole('group', { name: 'verona@conference.localhost' }).getByRole('button', { name: 'Join' }).click()
    await occupants.getByText('Juliet').waitFor()
    await page.getByRole('link', { name: 'Talk there' }).click()
    await send('Is the day so young?')
    await until('Is the day so young?')
    await look('alice', 'Rooms')
    await page.getByRole('link', { name: 'Talk', exact: true }).click()
    await until('Is the day so young?')
    assert.deepEqual(await page.getByRole('log').locator('.from').allInnerTexts(), ['bob'])
    await page.getByRole('link', { name: '2 in the room' }).click()
    await occupants.getByText('bob@localhost').waitFor()
    await stage.gateway.api('DELETE', '/rooms/verona%40conference.localhost', { query: { session: 'bob@localhost' } })
    await occupants.getByText('bob@localhost').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Leave verona@conference.localhost' }).click()
    await page.getByText('In no room yet.').waitFor()
  })

  it('sends any operation as text, shows what would be sent, and repeats it', async () => {
    await look('alice', 'Send')
    const answers = page.getByRole('region', { name: 'Answers' })
    const [operation, body] = [page.getByLabel('Operation'), page.getByLabel('Body')]
    await operation.selectOption('stanzas.send')
    await page.getByRole('button', { name: 'Show the XML' }).click()
    await answers.getByText('<body>Art thou there?</body>').waitFor()
    await body.fill('{"message": ')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('alert').getByText('JSON').waitFor()
    await operation.selectOption('roster.put')
    await page.getByLabel('jid', { exact: true }).fill('bob@localhost')
    await body.fill('{"name": "Robert", "group": []}')
    await page.keyboard.press('Control+Enter')
    await answers.getByText('did you mean').waitFor()
    await body.fill('{"name": "Robert"}')
    await page.keyboard.press('Control+Enter')
    await answers.getByText('"name": "Robert"').first().waitFor()
    await answers.getByRole('button', { name: 'Send again' }).first().click()
    await answers.locator('summary b').nth(3).waitFor()
    assert.deepEqual(await answers.locator('summary b').allInnerTexts(), ['200', '200', '400', '200'])
  })

  it('translates a stanza either way, and says where it cannot', async () => {
    await page.getByRole('link', { name: 'Translate' }).click()
    const [xml, json] = [page.getByRole('textbox', { name: 'XML' }), page.getByRole('textbox', { name: 'JSON' })]
    await xml.fill('<message to="bob@localhost"><body>Hello</message>')
    await page.getByRole('button', { name: 'To JSON' }).click()
    await page.getByRole('alert').getByText('xml-malformed').waitFor()
    const isFilled = async () => await page.getByText('0 bytes', { exact: true }).waitFor({ state: 'detached' })
    await json.fill('')
    await xml.fill('<message to="bob@localhost"><body>Hello</body></message>')
    await page.keyboard.press('Control+Enter')
    await isFilled()
    const message = JSON.parse(await json.inputValue())
    assert.deepEqual(message, { message: { to: 'bob@localhost', body: 'Hello' } })
    await xml.fill('')
    await json.fill(JSON.stringify({ message: { ...message.message, chatState: 'active' } }))
    await page.getByRole('button', { name: 'To XML' }).click()
    await isFilled()
    assert.match(await xml.inputValue(), /<body>Hello<\/body>.*chatstates/)
  })

  it('finds what became of a message by its id', async () => {
    const query = { session: 'alice@localhost' }
    const message = { to: 'nobody@localhost', body: 'Is anybody there?' }
    const { body } = await stage.gateway.api('POST', '/messages', { query, body: message })
    await page.getByLabel('Look up an id').fill(body.id)
    await page.getByRole('heading', { name: body.id }).waitFor()
    await page.getByText('to nobody@localhost').waitFor()
    await page.getByRole('row').filter({ hasText: 'failed' }).waitFor()
  })

  it('changes what a session does, and its password', async () => {
    await look('bob', 'Settings')
    await page.getByRole('spinbutton', { name: 'Connections' }).fill('2')
    await page.getByLabel('Notify').fill('urn:xmpp:mood')
    await page.keyboard.press('Enter')
    const connections = page.getByRole('region', { name: 'Connections' })
    await connections.getByRole('row').filter({ hasText: 'sender' }).waitFor()
    await page.getByLabel('New password').fill('not-the-password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('xmpp-authentication-failed').waitFor()
    await page.getByLabel('New password').fill(passwords.bob)
    await page.keyboard.press('Enter')
    await page.getByText('It works, and is what the session logs in with.').waitFor()
    const { body } = await stage.gateway.api('GET', '/sessions', { query: { jid: 'bob@' } })
    assert.deepEqual(body.data[0].notify, ['urn:xmpp:mood'])
  })

  it('makes a webhook, and shows how it fails, recovers and is replayed', async () => {
    receiver.answers = 500
    await page.getByRole('link', { name: 'Webhooks' }).click()
    await page.getByRole('button', { name: 'Make a webhook' }).click()
    await page.getByLabel('URL').fill(receiver.url)
    await page.getByLabel('Types').fill('message.received')
    await page.keyboard.press('Enter')
    await page.getByText(/^whsec_/).waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    const messages = Array.from({ length: 12 }, (_, index) => ({ to: 'alice@localhost', body: `event ${index}` }))
    await stage.gateway.api('POST', '/messages/batch', { query: { session: 'bob@localhost' }, body: { messages } })
    const row = page.getByRole('row').filter({ hasText: receiver.url })
    await row.getByText('failing').waitFor()
    await row.getByRole('link').click()
    await page.getByRole('button', { name: 'Test' }).click()
    await page.getByText('The test failed: 500').waitFor()
    receiver.answers = 204
    await page.getByText('enabled').waitFor()
    await page.getByText('nothing waits').waitFor()
    const count = receiver.deliveries.length
    await page.getByRole('row').filter({ hasText: 'delivered' }).first().getByRole('button', { name: 'Replay' }).click()
    await page.getByText('1 event is sent again').waitFor()
    await receiver.received(count + 1)
  })

  it('ends a session whose address was typed', async () => {
    await look('bob', 'Settings')
    await page.getByRole('button', { name: 'End session' }).click()
    await page.getByLabel('Type bob@localhost').fill('bob@localhost')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Sessions' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'bob@localhost' }).waitFor({ state: 'detached' })
  })

  it('forgets the key with the sign-out', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]), [[], []])
  })

  it('asked nobody else for anything, and met nothing that its policy refuses', () => {
    assert.deepEqual(faults, [])
  })
})
