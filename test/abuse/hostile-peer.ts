/** Somebody who may write to an account, through a server that is as it should be. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import type { Attack, Attacker } from './attack.ts'
import { contents } from './worst.ts'

/** Logs in to the real server; what comes is thrown away. */
async function logIn({ target, jid }: Attacker, index: number): Promise<TLSSocket> {
  const { domain, tlsPort, caFile } = target.server
  const socket = connect({ host: '127.0.0.1', port: tlsPort, servername: domain, ca: readFileSync(caFile), ALPNProtocols: ['xmpp-client'] })
  socket.setEncoding('utf8').on('error', () => undefined)
  let heard = ''
  socket.on('data', (text) => {
    heard = (heard + text).slice(-5000)
  })
  const hears = async (what: string) => {
    while (!heard.includes(what)) await once(socket, 'data')
    heard = ''
  }
  const open = `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
  socket.write(open)
  await hears('</stream:features>')
  const [local] = jid(index).split('@')
  const secret = Buffer.from(`\0${local}\0${target.password}`).toString('base64')
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`)
  await hears('<success')
  socket.write(open)
  await hears('</stream:features>')
  socket.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  await hears('</iq>')
  socket.write('<presence/>')
  return socket
}

/** Several who write to one session as fast as their server takes it. */
const writing = (what: string, one: (index: number) => string, ms = 1500): Attack => ({
  who: 'hostile peer',
  what,
  ms,
  async run(attacker) {
    const { jid, ask, id } = await attacker.session(0)
    const { text } = await ask('GET', `/sessions/${id}`)
    const full = JSON.parse(text).connections[0].jid
    const sockets = await Promise.all([logIn(attacker, 1), logIn(attacker, 2)])
    await attacker.again(sockets.length, async (index) => {
      const socket = sockets[index] as TLSSocket
      for (let at = 0; !attacker.signal.aborted; at += 1) {
        const isTaken = socket.write(one(at).replaceAll('{to}', at % 2 ? full : jid))
        attacker.did('written')
        if (!isTaken) await Promise.race([once(socket, 'drain'), once(attacker.signal, 'abort')])
        await delay(1)
      }
    })
    for (const socket of sockets) socket.destroy()
  },
})

const message = (inner: string) => `<message to='{to}' type='chat' id='m'>${inner}</message>`

export const peerAttacks: readonly Attack[] = [
  ...['fallback ranges', 'references', 'XHTML with many styles', 'namespaces with prefixes', 'a form', 'elements in elements'].map((what) =>
    writing(`messages with ${what}`, () => message(contents[what] as string)),
  ),
  writing(
    'messages of all the worst kinds',
    (index) => message(Object.values(contents)[index % Object.keys(contents).length] as string),
    2500,
  ),
  writing('small messages', (index) => message(`<body>${index}</body>`).repeat(100)),
  writing('questions', (index) => `<iq to='{to}' type='get' id='${index}'><ping xmlns='urn:xmpp:ping'/></iq>`.repeat(50)),
  writing('subscriptions that are asked for and taken back', () =>
    "<presence to='{to}' type='subscribe'/><presence to='{to}' type='unsubscribe'/>".repeat(50),
  ),
]
