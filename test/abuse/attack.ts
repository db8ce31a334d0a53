/** What an attack is, and what it has at hand. It runs in a process of its own, with less right to the processor than the others. */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { type FakeServer, type Peer, startFakeServer } from '../support/fake-server.ts'

/** what an attack is told of the house that it is against */
export interface Target {
  /** of all instances */
  urls: readonly string[]
  /** API key of the attacker's tenant */
  key: string
  password: string
  /** the XMPP server of the attacker's accounts, `a0`, `a1`, …, and the first of them that is for this attack */
  first: number
  server: { domain: string; service: string; port: number; tlsPort: number; caFile: string }
  /** PEM files of a certificate for localhost, of the authority that the gateways trust */
  certificate: { key: string; certificate: string }
}

export interface Attack {
  /** who can do that */
  who: 'stranger' | 'tenant' | 'hostile server' | 'hostile peer'
  what: string
  /** ms that it goes on, default 1000 */
  ms?: number
  run(attacker: Attacker): Promise<unknown>
}

export interface Session {
  id: string
  /** bare */
  jid: string
  /** its session token */
  token: string
  url: string
  /** a request for it at the instance where it was opened */
  ask(method: string, path: string, request?: Ask): Promise<Answer>
}

export interface Ask {
  /** an object goes as JSON, a text as it is */
  body?: unknown
  headers?: Readonly<Record<string, string>>
  /** API key or token; default the session's token, or the tenant's key; null sends none */
  key?: string | null
  url?: string
  /** ms until it is given up */
  ms?: number
}

export interface Answer {
  /** 0: none came */
  status: number
  text: string
}

export interface Attacker {
  readonly target: Target
  /** aborted when the time of the attack is over */
  readonly signal: AbortSignal
  /** the instances in turn */
  url(): string
  ask(method: string, path: string, request?: Ask): Promise<Answer>
  /** Does it again and again until the time is over, `parallel` at once. */
  again(parallel: number, act: (index: number) => Promise<unknown>): Promise<void>
  /** the bare JID of an account of the real server, one of ACCOUNTS */
  jid(index: number): string
  /** a session of that account; the time of the attack stands still meanwhile */
  session(index: number, more?: object): Promise<Session>
  /** a session with a server that does what the script says; `isOnline` false: it may never come online */
  hostile(script: (peer: Peer) => Promise<unknown>, options?: { isOnline?: boolean; count?: number }): Promise<FakeServer>
  /** a TCP connection to an instance; what it answers is thrown away */
  socket(): Promise<Socket>
  /** something was done, for the report: `what` → how often */
  did(what: string, times?: number): void
}

/** accounts of one attack */
export const ACCOUNTS = 20
/** ms for a session to come online before the attack begins */
const ONLINE_WITHIN = 15_000
/** ms until an instance that is too busy is asked again */
const BUSY_AGAIN = 1000

/** `pause`: the time of the attack stands still until what is prepared is there */
export function createAttacker(
  target: Target,
  { signal, pause, did }: { signal: AbortSignal; pause: <T>(prepared: Promise<T>) => Promise<T>; did: Attacker['did'] },
): { attacker: Attacker; stop(): Promise<void> } {
  const agent = new Agent({ connections: 1000, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  const servers: FakeServer[] = []
  let turn = 0
  const url = () => target.urls[turn++ % target.urls.length] as string

  const ask: Attacker['ask'] = async (method, path, { body, headers = {}, key = target.key, url: to = url(), ms = 30_000 } = {}) => {
    const isText = typeof body === 'string' || body instanceof Uint8Array
    const sent = body === undefined ? null : isText ? body : JSON.stringify(body)
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const given = { ...type, ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers }
    try {
      const answer = await request(to + path, {
        method: method as 'GET',
        headers: given,
        body: sent,
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]),
      })
      const text = await answer.body.text()
      did(String(answer.statusCode))
      return { status: answer.statusCode, text }
    } catch (error) {
      did(signal.aborted ? 'under way at the end' : `failed ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`)
      return { status: 0, text: '' }
    }
  }

  /** An instance that is still busy with the attack before says so; then it is asked again, as its callers do. */
  async function logIn(request: Ask): Promise<string> {
    const until = performance.now() + ONLINE_WITHIN
    const asked = async () => {
      for (;;) {
        const answer = await ask('POST', '/sessions', { ...request, ms: ONLINE_WITHIN })
        if (answer.status !== 503 || signal.aborted || performance.now() > until) return answer
        await delay(BUSY_AGAIN)
      }
    }
    const { status, text } = await pause(asked())
    if (signal.aborted) throw new Error('it is over')
    if (status < 200 || status > 202) throw new Error(`no session: ${status} ${text.slice(0, 300)}`)
    return text
  }

  function opened(text: string, at: string): Session {
    const { id, jid, token } = JSON.parse(text)
    return { id, jid, token, url: at, ask: (method, path, more) => ask(method, path, { key: token, url: at, ...more }) }
  }

  const attacker: Attacker = {
    target,
    signal,
    url,
    ask,
    did,
    jid: (index) => `a${target.first + (index % ACCOUNTS)}@${target.server.domain}`,
    async again(parallel, act) {
      const one = async (index: number) => {
        while (!signal.aborted) {
          await act(index).catch((error: Error) => did(`failed ${error.message.slice(0, 60)}`))
          // an act that does nothing must not be a loop without an end
          await delay(1)
        }
      }
      await Promise.all(Array.from({ length: parallel }, (_, index) => one(index)))
    },
    async session(index, more = {}) {
      const at = url()
      const { service } = target.server
      const body = { jid: attacker.jid(index), password: target.password, service, ...more }
      return opened(await logIn({ body, url: at }), at)
    },
    async hostile(script, { isOnline = true, count = 1 } = {}) {
      const server = await startFakeServer((peer) => script(peer).then(() => undefined), { certificate: target.certificate })
      servers.push(server)
      const prefer = isOnline ? {} : { prefer: 'respond-async' }
      for (let index = 0; index < count; index += 1) {
        const body = { jid: 'ada@localhost', password: 'x', service: server.service, resource: `r${target.first}-${index}` }
        await logIn({ body, headers: prefer })
      }
      return server
    },
    async socket() {
      const socket = connect(Number(new URL(url()).port), '127.0.0.1')
      socket.on('error', () => undefined).resume()
      signal.addEventListener('abort', () => socket.destroy())
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve)
        socket.once('error', reject)
        socket.once('close', () => reject(new Error('closed')))
      })
      return socket
    },
  }
  return {
    attacker,
    async stop() {
      await Promise.allSettled([agent.destroy(), ...servers.map((server) => server.stop())])
    },
  }
}
