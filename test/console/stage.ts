/** The console in Chromium over a real gateway and a real server, with the link between page and gateway in hand. */
import type { Browser, Page } from 'playwright-core'
import { buildConsole } from '../../scripts/console.ts'
import { startBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { type WatchedPage, watchedPage } from '../support/watched-page.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

export const passwords = { alice: 'alice-password', bob: 'bob-password', carol: 'carol-password' }

export interface Stage {
  server: XmppServer
  gateway: TestGateway
  /** between pages and the gateway */
  link: TcpProxy
  /** where pages find the gateway */
  url: string
  browser: Browser
  /** a page that is signed in, at a place of the console */
  open(hash?: string, options?: Parameters<typeof watchedPage>[2]): Promise<WatchedPage>
  stop(): Promise<void>
}

export async function startStage(): Promise<Stage> {
  const started: { stop(): Promise<unknown> }[] = []
  const begin = async <Part extends { stop(): Promise<unknown> }>(starting: Promise<Part>): Promise<Part> => {
    const part = await starting
    started.push(part)
    return part
  }
  async function stop(): Promise<void> {
    for (const part of started.reverse()) await part.stop()
  }
  try {
    await buildConsole()
    const server = await begin(startProsody({ users: passwords }))
    const gateway = await begin(startGateway({ server, env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' } }))
    const link = await begin(startProxy({ to: { port: gateway.port } }))
    const browser = await startBrowser()
    started.push({ stop: () => browser.close() })
    const url = `http://127.0.0.1:${link.port}`
    return {
      server,
      gateway,
      link,
      url,
      browser,
      async open(hash = '', options) {
        const watched = await watchedPage(browser, url, options)
        await watched.page.goto(`${url}/console${hash}`)
        await signIn(watched.page, gateway.key)
        return watched
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('API key or session token').fill(token)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}
