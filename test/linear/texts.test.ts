/** Whatever reads a text that somebody else wrote takes time in proportion to its length. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprintOf } from '../../src/api/idempotency.ts'
import { parseJson } from '../../src/api/json.ts'
import * as scalars from '../../src/codec/scalars.ts'
import { cursorOf } from '../../src/events/cursor.ts'
import { readXml } from '../../src/features/stanza-xml.ts'
import { folded } from '../../src/folded-jid.ts'
import { readToken, sessionOf } from '../../src/gateway/ids.ts'
import { jid } from '../../src/jid.ts'
import { checkHost } from '../../src/net/address.ts'
import { derivedText } from '../../src/protocol/meaning.ts'
import { sanitise, XHTML } from '../../src/protocol/xhtml.ts'
import { parseCursor } from '../../src/store/cursor.ts'
import { illegalCharacter, isNCName, isReadableName } from '../../src/xml/characters.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { serviceTarget } from '../../src/xmpp/dial/resolver.ts'
import { scram } from '../../src/xmpp/login/mechanisms/scram.ts'
import { startApp } from '../http/support.ts'
import { makeKey } from '../support/gateway.ts'
import { assertLinear, cost } from './doubling.ts'
import { texts } from './samples.ts'

const leaf = (attributes: Record<string, string>, text: string) => ({ name: 'p', xmlns: XHTML, attributes, children: [text] })
const login = { username: 'x', password: 'x', domain: 'x', derive: async () => Buffer.alloc(20), nonce: 'n' }

const readers: Record<string, (text: string) => unknown> = {
  jid,
  folded,
  isNCName,
  isReadableName,
  illegalCharacter,
  sessionOf,
  readToken,
  cursorOf,
  parseCursor,
  serviceTarget: (text) => serviceTarget(`wss://${text}`),
  checkHost: (text) => checkHost(text, { privateHosts: new Set(), variable: '' }),
  parseJson,
  'parseJson of a text': (text) => parseJson(`["${text}"]`),
  'parseJson of a key': (text) => parseJson(`{"${text}":1}`),
  readXml: (text) => readXml(text, 'body', Number.POSITIVE_INFINITY, { comments: true }),
  'XML of a text': (text) => parseStanza(`<a>${text}</a>`, { bytes: Number.POSITIVE_INFINITY, children: Number.POSITIVE_INFINITY }),
  'XML of an attribute': (text) => parseStanza(`<a a="${text}"/>`, { bytes: Number.POSITIVE_INFINITY }),
  'XML of a name': (text) => parseStanza(`<${text}/>`, { bytes: Number.POSITIVE_INFINITY }),
  'a CDATA section': (text) => parseStanza(`<a><![CDATA[${text}`, { bytes: Number.POSITIVE_INFINITY }),
  serialize: (text) => serialize(leaf({ title: text }, text)),
  'a style': (text) => sanitise([leaf({ style: `color:${text}` }, '')]),
  'a link': (text) => sanitise([{ ...leaf({ href: text, src: `data:image/png;base64,${text}` }, ''), name: 'img' }]),
  derivedText: (text) => derivedText({ body: text, fallback: [{ body: [{ start: 1, end: 2 }] }] }),
  fingerprintOf: (text) => fingerprintOf('POST', text, { [text]: [text] }),
  scram: async (text) => {
    const run = scram('SCRAM-SHA-1', login)
    await run.start()
    return run.respond(Buffer.from(`r=n${text},s=QSXC,i=4096`))
  },
  ...Object.fromEntries(scalarReaders()),
}

/** of all kinds of value that XML writes as text */
function scalarReaders(): [string, (text: string) => unknown][] {
  const all: Record<string, unknown> = { ...scalars, anInteger: scalars.integer(), aDecimal: scalars.decimal() }
  return Object.entries(all).flatMap(([name, scalar]) => {
    const { parse } = scalar as Partial<scalars.Scalar<unknown>>
    return parse === undefined ? [] : [[name, parse] as [string, (text: string) => unknown]]
  })
}

describe('a text is read in proportion to its length', () => {
  for (const [name, read] of Object.entries(readers)) {
    it(name, async () => {
      for (const text of texts) {
        const prepare = (size: number) => {
          const long = text.repeat(size / text.length)
          return { read: () => attempt(() => read(long)), 'read with an end': () => attempt(() => read(`${long}\u0000x`)) }
        }
        await assertLinear({ what: JSON.stringify(text), prepare }, { size: 64 * 1024, most: 60, little: 3 })
      }
    })
  }
})

/** node takes 16 KiB of head in all */
const HEAD = 15 * 1024
/** ms of work, of which a request without such a header takes one, and how often one is sent that seems to take longer */
const MOST = 30
const TRIES = 5

it('no header makes a request last', async (t) => {
  const { app, addSession } = await startApp(t)
  const { token } = await addSession('romeo@montague.lit')
  const headers = [
    'accept',
    'authorization',
    'content-type',
    'idempotency-key',
    'if-none-match',
    'last-event-id',
    'origin',
    'prefer',
    'upgrade',
    'x-request-id',
  ]
  for (const header of headers) {
    for (const text of texts.filter((one) => /^[\t -~]+$/.test(one))) {
      const given = { authorization: `Bearer ${header === 'authorization' ? makeKey() : token}`, [header]: text.repeat(HEAD / text.length) }
      const ask = () => app.server.inject({ method: 'GET', url: '/events?limit=1', headers: given })
      let least = await cost(ask)
      for (let tries = 1; least > MOST && tries < TRIES; tries += 1) least = Math.min(least, await cost(ask))
      assert.ok(least <= MOST, `${header} of ${JSON.stringify(text)}: ${least.toFixed(1)} ms`)
    }
  }
})

/** That it is refused is right. */
async function attempt(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch {}
}
