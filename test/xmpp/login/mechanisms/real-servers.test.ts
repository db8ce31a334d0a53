import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { createPlaces } from '../../../../src/fair/places.ts'
import { child, childText, type Element, elements, text } from '../../../../src/xml/element.ts'
import { createStreamParser, STREAMS } from '../../../../src/xml/parse.ts'
import { channelBindings } from '../../../../src/xmpp/login/mechanisms/channel-binding.ts'
import { chooseMechanism } from '../../../../src/xmpp/login/mechanisms/choose.ts'
import { createDerivations } from '../../../../src/xmpp/login/mechanisms/derivation.ts'
import { startEjabberd } from '../../../support/ejabberd.ts'
import { startProsody } from '../../../support/prosody.ts'
import type { XmppServer } from '../../../support/xmpp-server.ts'

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const SASL_CB = 'urn:xmpp:sasl-cb:0'
const password = 'pässwörd'

/** A stream over direct TLS up to its features, and what the server says after. */
async function open(
  server: XmppServer,
): Promise<{ socket: TLSSocket; features: Element; next(): Promise<Element>; say(xml: string): void }> {
  const ca = readFileSync(server.caFile, 'utf8')
  const socket = connect({ port: server.tlsPort, host: '127.0.0.1', servername: server.domain, ca, ALPNProtocols: ['xmpp-client'] })
  const queue: Element[] = []
  const parser = createStreamParser({
    onOpen: () => undefined,
    onElement: (element) => {
      queue.push(element)
      socket.emit('element')
    },
    onClose: () => undefined,
  })
  socket.on('data', (chunk) => parser.write(String(chunk)))
  const next = async () => {
    while (queue.length === 0) await once(socket, 'element')
    return queue.shift() as Element
  }
  await once(socket, 'secureConnect')
  const say = (xml: string) => void socket.write(xml)
  say(`<?xml version='1.0'?><stream:stream to='${server.domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`)
  return { socket, features: await next(), next, say }
}

/** Logs in with what is chosen from these offers; answers `success`, or the condition of the failure. */
async function login(server: XmppServer, given: string, allowed: (name: string) => boolean): Promise<{ name: string; outcome: string }> {
  const { socket, features, next, say } = await open(server)
  try {
    const offered = elements(child(features, 'mechanisms', SASL) as Element).map(text)
    const bindings = child(features, 'sasl-channel-binding', SASL_CB)
    const { name, create } = chooseMechanism(offered.filter(allowed), {
      secure: true,
      allowPlain: true,
      channelBinding: channelBindings(socket),
      offeredBindings: bindings === undefined ? [] : elements(bindings).map(({ attributes }) => attributes.type ?? ''),
    })
    const derive = createDerivations(createPlaces({ most: 1, each: 1 }))('main', new AbortController().signal)
    const run = create({ username: 'ada', password: given, domain: server.domain, derive })
    const encode = (data: Buffer | undefined) => (data === undefined ? '' : data.toString('base64') || '=')
    say(`<auth xmlns='${SASL}' mechanism='${name}'>${encode(await run.start())}</auth>`)
    for (;;) {
      const answer = await next()
      const data = Buffer.from(text(answer), 'base64')
      if (answer.name === 'challenge') say(`<response xmlns='${SASL}'>${encode(await run.respond(data))}</response>`)
      else if (answer.name === 'failure') return { name, outcome: elements(answer)[0]?.name ?? childText(answer, 'text') ?? 'failure' }
      else {
        assert.equal(answer.name, 'success')
        run.finish(data)
        return { name, outcome: 'success' }
      }
    }
  } finally {
    socket.destroy()
  }
}

for (const [kind, start] of [
  ['Prosody', startProsody],
  ['ejabberd', startEjabberd],
] as const) {
  describe(kind, () => {
    let server: XmppServer
    before(async () => {
      server = await start({ users: { ada: password } })
    })
    after(async () => {
      await server.stop()
    })

    test('each mechanism that it offers logs in, and none with another password', async () => {
      const { socket, features } = await open(server)
      const offered = elements(child(features, 'mechanisms', SASL) as Element).map(text)
      socket.destroy()
      const known = offered.filter((name) => /^SCRAM-SHA-(1|256|512)$|^PLAIN$/.test(name))
      assert.ok(known.length >= 2, offered.join())
      for (const name of known) {
        // the -PLUS offer stays in sight: whether it is seen is part of what SCRAM proves
        const allowed = (other: string) => other === name || other === `${name}-PLUS`
        const { outcome } = await login(server, password, allowed)
        assert.equal(outcome, 'success', `${name} of ${offered}`)
        assert.equal((await login(server, 'another', allowed)).outcome, 'not-authorized')
      }
      assert.match((await login(server, password, () => true)).name, /^SCRAM-/)
    })
  })
}
