import type { IncomingMessage, ServerResponse } from 'node:http'
import { Problem } from '../errors/problem.ts'

/** bytes of all bodies that are read or worked on, and of those of one tenant; of larger bodies at least so many */
const MOST = 64 * 2 ** 20
const EACH = 32 * 2 ** 20
const AT_LEAST = { most: 4, each: 2 }

export interface Bodies {
  /**
   * Holds the bytes of a body until its request was answered: as many as it says, or of one that does not say as they come. Answers the
   * problem too-busy where there is no room; one that does not say loses its connection then.
   */
  take(tenant: string, request: IncomingMessage, response: ServerResponse): Problem | undefined
}

export function createBodies({ bodyLimit, onFull }: { bodyLimit: number; onFull: () => void }): Bodies {
  const most = Math.max(MOST, AT_LEAST.most * bodyLimit)
  const each = Math.max(EACH, AT_LEAST.each * bodyLimit)
  const tenants = new Map<string, number>()
  let all = 0

  function hold(tenant: string, bytes: number): boolean {
    const own = (tenants.get(tenant) ?? 0) + bytes
    if (all + bytes > most || own > each) {
      onFull()
      return false
    }
    all += bytes
    tenants.set(tenant, own)
    return true
  }

  function free(tenant: string, bytes: number): void {
    const own = (tenants.get(tenant) ?? 0) - bytes
    all -= bytes
    if (own > 0) tenants.set(tenant, own)
    else tenants.delete(tenant)
  }

  return {
    take(tenant, request, response) {
      const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
      if (length === undefined && encoding === undefined) return undefined
      let held = Number(length ?? 0)
      // what is too large is refused unread
      if (held > bodyLimit) return undefined
      if (!hold(tenant, held)) return new Problem('too-busy', 'Too many bodies of requests are being read already.', { retryAfter: 1 })
      response.once('close', () => free(tenant, held))
      if (length === undefined)
        request.on('data', (chunk: Buffer) => {
          if (held + chunk.length > bodyLimit) return
          if (hold(tenant, chunk.length)) held += chunk.length
          else request.socket.destroy()
        })
      return undefined
    },
  }
}
