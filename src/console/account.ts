import { type Signal, signal } from '@preact/signals'
import { type Client, createClient, type Me } from '../client/client.ts'
import type { HttpRequest } from '../client/request.ts'
import type { Asked } from './asked.ts'
import { gatewayUrl as url } from './gateway-url.ts'

/** Who is signed in. The token is in the closures of its client, and nowhere else. */
export interface Account {
  me: Me
  client: Client
  /** a client that says of each WebSocket when it opens and closes */
  watched(changed: (isOpen: boolean) => void): Client
  /** asks once, and gives the answer as it came, whatever it is */
  ask(request: HttpRequest): Promise<Response>
  /** what was asked by hand, newest first */
  readonly asked: Signal<readonly Asked[]>
}

/** Rejects with the problem of a token that is none. `onRefused` is called when the token is no longer taken. */
export async function signIn(token: string, onRefused: () => void): Promise<Account> {
  let isKnown = false
  const fetch: typeof globalThis.fetch = async (...given) => {
    const response = await globalThis.fetch(...given)
    if (response.status === 401 && isKnown) onRefused()
    return response
  }
  const base = { url, fetch, ...(token.startsWith('sgs_') ? { token } : { key: token }) }
  // a client repeats what may pass; who signs in waits for the first answer
  const client = createClient(base)
  const me = await client.me.get()
  isKnown = true
  return {
    me,
    client,
    watched: (changed) => createClient({ ...base, WebSocket: watchedSocket(changed) }),
    ask: ({ method, target, headers, body = null }) =>
      fetch(url + target, { method, headers: { ...headers, authorization: `Bearer ${token}` }, body }),
    asked: signal([]),
  }
}

function watchedSocket(changed: (isOpen: boolean) => void): typeof WebSocket {
  return class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols)
      this.addEventListener('open', () => changed(true))
      this.addEventListener('close', () => changed(false))
    }
  }
}
