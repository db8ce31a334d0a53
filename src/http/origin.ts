/** Which pages of browsers may call what a browser asks nobody about, or what must not be called by a page that has found the address. */
import type { IncomingHttpHeaders } from 'node:http'
import { Problem } from '../errors/problem.ts'

/** Pages of this very host always, others as the configuration says; who is no page says no origin. Throws origin-not-allowed. */
export function checkOrigin({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return
  if (URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase()) return
  throw new Problem('origin-not-allowed', 'Pages of this origin may not call here; ALLOWED_ORIGINS names those that may.')
}
