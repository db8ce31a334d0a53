/** Takes the pictures of the console that the README shows, from a gateway and two accounts of its own: `node scripts/pictures.ts`. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { passwords, startStage } from '../test/console/stage.ts'
import { install } from './install.ts'

const folder = fileURLToPath(new URL('../docs/images', import.meta.url))

await install(['prosody', 'openssl', 'chromium'])
mkdirSync(folder, { recursive: true })
const stage = await startStage()
try {
  const { gateway } = stage
  for (const name of ['alice', 'bob', 'carol'] as const) await gateway.login({ jid: `${name}@localhost`, password: passwords[name] })
  const say = async (from: string, to: string, body: object) =>
    (
      await gateway.api('POST', '/messages', {
        query: { session: `${from}@localhost` },
        body: { to: `${to}@localhost`, ...body },
        headers: { prefer: 'wait=10' },
      })
    ).body
  await gateway.api('PUT', '/roster/bob%40localhost', { query: { session: 'alice@localhost' }, body: { name: 'Bob', groups: ['Work'] } })
  const { id } = await say('alice', 'bob', { body: 'Hello Bob, how is HTTP?', receipt: { type: 'request' } })
  await say('bob', 'alice', { receipt: { type: 'received', id } })
  await say('bob', 'alice', { body: 'Like XMPP without the socket. See you at noon?' })
  await say('carol', 'alice', { body: 'The build is green: https://ci.example.com/1234' })
  const room = 'kitchen@conference.localhost'
  for (const name of ['carol', 'alice', 'bob'] as const) {
    const query = { session: `${name}@localhost` }
    await gateway.api('PUT', `/rooms/${encodeURIComponent(room)}`, { query, body: { nick: name }, headers: { prefer: 'wait=10' } })
  }
  const query = { session: 'carol@localhost' }
  await gateway.api('POST', '/messages', { query, body: { to: room, body: 'Who is in for soup?' }, headers: { prefer: 'wait=10' } })
  await say('alice', 'bob', { body: 'At noon, then.' })
  for (const theme of ['light', 'dark'] as const) {
    const { page } = await stage.open('', { theme, height: 460 })
    await page.getByRole('link', { name: 'alice@localhost' }).click()
    await page.getByRole('log').getByText('delivered').waitFor()
    if (theme === 'dark') {
      await page.getByRole('tab', { name: 'Events' }).click()
      await page.getByRole('button', { name: 'message.delivered' }).click()
      await page.getByLabel('Event', { exact: true }).waitFor()
    }
    // what is pointed at looks otherwise
    await page.mouse.move(0, 0)
    await page.screenshot({ path: `${folder}/${theme === 'light' ? 'conversations' : 'events'}.png` })
    await page.close()
  }
} finally {
  await stage.stop()
}
