/** Chromium without a window, as Debian packages it. */
import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './processes.ts'

/** Its sandbox wants an ordinary user, and tests may run as root. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: findProgram('chromium'), args: ['--no-sandbox', '--disable-dev-shm-usage'] })
