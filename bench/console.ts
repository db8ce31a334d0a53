/**
 * `node bench/console.ts [--seconds 30]`: the console's events view in Chromium while a session gets 200 events a second, beside the list of
 * 2,000 sessions. How long the page takes to show a key that was pressed, how long it does nothing else at most, and what it has in memory.
 */
import { parseArgs } from 'node:util'
import { install } from '../scripts/install.ts'
import { passwords, startStage } from '../test/console/stage.ts'
import { watchedPage } from '../test/support/watched-page.ts'
import { percentile } from './measure.ts'

const RATE = 200
/** ms between two batches, and between two keys */
const EACH = 50
const BETWEEN_KEYS = 250

/** In the page: from each key to the frame that shows it, and the longest that it did nothing else. */
const WATCH = `
  globalThis.told = { keys: [], long: 0 }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) told.long = Math.max(told.long, duration)
  }).observe({ type: 'longtask' })
  addEventListener('keydown', ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() => told.keys.push(performance.now() - timeStamp))))
`

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } })
const SECONDS = Number(values.seconds)

await install(['prosody', 'chromium'])
const stage = await startStage()
try {
  const { gateway } = stage
  const [alice, bob] = await Promise.all(
    (['alice', 'bob'] as const).map((name) => gateway.login({ jid: `${name}@localhost`, password: passwords[name] })),
  )
  const { page } = await watchedPage(stage.browser, stage.url)
  const { body } = await gateway.api('GET', '/sessions')
  const data = Array.from({ length: 2_000 }, (_, index) => ({ ...body.data[index % 2], ...(index > 1 && { id: `ses_${index}` }) }))
  await page.route('**/sessions?*', (route) => route.fulfill({ json: { data, page: { complete: true } } }))
  await page.goto(`${stage.url}/console`)
  await page.getByLabel('API key or session token').fill(gateway.key)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'online 2000' }).waitFor()
  await page.goto(`${stage.url}/console#/s/${alice.id}/events`)
  await page.getByRole('tab', { name: 'Events', selected: true }).waitFor()

  let going = true
  const messages = Array.from({ length: (RATE * EACH) / 1000 }, () => ({ to: 'alice@localhost', body: 'x'.repeat(100) }))
  const writing = (async () => {
    while (going) {
      const began = performance.now()
      await gateway.api('POST', '/messages/batch', { query: { session: bob.id }, body: { messages } })
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, EACH - (performance.now() - began))))
    }
  })()
  const field = page.getByLabel(/types/i).first()
  await field.focus()
  const memory = async () => {
    await page.requestGC()
    return Math.round((await page.evaluate(() => Reflect.get(performance, 'memory').usedJSHeapSize as number)) / 2 ** 20)
  }
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const before = await memory()
  await page.evaluate(WATCH)
  for (let at = 0; at < (SECONDS * 1000) / BETWEEN_KEYS; at += 1) {
    await page.keyboard.press(at % 2 === 0 ? 'x' : 'Backspace')
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_KEYS))
  }
  const told = await page.evaluate(() => Reflect.get(globalThis, 'told') as { keys: number[]; long: number })
  const after = await memory()
  going = false
  await writing
  const received = await gateway.api('GET', '/stats')
  const [p50, p99] = [50, 99].map((one) => percentile(told.keys, one / 100).toFixed(0))
  console.log(
    `${RATE} messages a second for ${SECONDS} s: a key is shown after p50 ${p50} ms, p99 ${p99} ms; longest task ${told.long.toFixed(0)} ms; ` +
      `heap ${before} → ${after} MiB; ${received.body.streams.websocket} WebSocket`,
  )
} finally {
  await stage.stop()
}
