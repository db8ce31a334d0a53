/** A page in Chromium, and what it should never do. */
import type { Browser, Page } from 'playwright-core'

/** ms for whatever is waited for */
const DEADLINE = 15_000

export interface WatchedPage {
  page: Page
  /** requests to other hosts, violations of the page's policy, and errors that nothing caught */
  faults: readonly string[]
}

/** Everything that a page asks for besides `url` is a fault, as is what its policy refuses. */
export async function watchedPage(
  browser: Browser,
  url: string,
  { theme = 'light', height = 800 }: { theme?: 'light' | 'dark'; height?: number } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width: 1280, height },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.setDefaultTimeout(DEADLINE)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (origin !== new URL(url).origin && !['data:', 'blob:'].includes(protocol)) faults.push(`request to ${request.url()}`)
  })
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(url).host) faults.push(`WebSocket to ${socket.url()}`)
  })
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) faults.push(message.text())
  })
  return { page, faults }
}
