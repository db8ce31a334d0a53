/** The least XMPP client there can be: direct TLS, PLAIN, bind, presence; then strings in and bytes out. */
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'

export interface RawOptions {
  tlsPort: number
  caFile: string
  /** local part on localhost */
  user: string
  password: string
  resource: string
}

export async function rawClient({ tlsPort, caFile, user, password, resource }: RawOptions): Promise<{ socket: TLSSocket; jid: string }> {
  const socket = connect({
    port: tlsPort,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: readFileSync(caFile),
    ALPNProtocols: ['xmpp-client'],
  })
  socket.setNoDelay(true)
  const header = `<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
  const secret = Buffer.from(`\0${user}\0${password}`).toString('base64')
  let received = ''
  let wake = () => {}
  const onData = (chunk: Buffer) => {
    received += chunk.toString('latin1')
    wake()
  }
  socket.on('data', onData)
  const until = async (text: string) => {
    while (!received.includes(text)) {
      if (received.includes('<failure')) throw new Error(received)
      await new Promise<void>((resolve, reject) => {
        wake = resolve
        socket.once('error', reject)
      })
    }
    const all = received
    received = ''
    return all
  }
  socket.write(header)
  await until('</stream:features>')
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`)
  await until('<success')
  socket.write(header)
  await until('</stream:features>')
  socket.write(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`)
  const jid = /<jid>([^<]+)/.exec(await until('</iq>'))?.[1] ?? ''
  socket.write(`<presence/><iq type='get' id='end' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)
  await until(`id='end'`).catch(() => until('id="end"'))
  socket.off('data', onData)
  return { socket, jid }
}
