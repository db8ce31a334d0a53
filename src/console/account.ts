import { type Client, createClient, type Me } from '../client/client.ts'

/** Who is signed in. The token is in the closures of its client, and nowhere else. */
export interface Account {
  me: Me
  client: Client
  /** a client that says of each WebSocket when it opens and closes */
  watched(changed: (isOpen: boolean) => void): Client
}

/** where the gateway is: beside the page, also where a proxy serves it under a prefix */
const url = new URL('.', location.href).href.replace(/\/$/, '')

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
  return { me, client, watched: (changed) => createClient({ ...base, WebSocket: watchedSocket(changed) }) }
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
