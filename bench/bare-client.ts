/** The yardstick for sending: @xmpp/client alone, 64 sends in flight. */
import * as library from '@xmpp/client'

/** As much of it as is used here. */
interface Library {
  client(options: Record<string, unknown>): {
    on(event: string, listener: () => void): void
    start(): Promise<unknown>
    send(element: unknown): Promise<void>
    reconnect: { stop(): void }
  }
  xml(name: string, attributes?: Record<string, string>, ...children: unknown[]): unknown
}

const { client, xml } = library as unknown as Library
const { port, user, password } = JSON.parse(process.argv[2]!) as { port: number; user: string; password: string }
const xmpp = client({ service: `xmpp://localhost:${port}`, domain: 'localhost', username: user, password, resource: 'bare' })
xmpp.on('error', () => {})
xmpp.reconnect.stop()
await xmpp.start()
await xmpp.send(xml('presence'))
process.on('message', async ({ send, to, body }: { send: number; to: string; body: string }) => {
  for (let sent = 0; sent < send; ) {
    const batch: Promise<void>[] = []
    for (; batch.length < 64 && sent < send; sent++) {
      batch.push(xmpp.send(xml('message', { type: 'chat', to, id: `m${sent}` }, xml('body', {}, body))))
    }
    await Promise.all(batch)
  }
  process.send!({ sent: send })
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
