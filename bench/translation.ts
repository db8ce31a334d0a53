/** What translation costs, beside what ltx (the parser of @xmpp/client) costs for the same text. Run as a process of its own: prints JSON. */
import { parse } from 'ltx'
import { createTranslator } from '../src/codec/translate.ts'
import { definitions as vocabulary } from '../src/protocol/index.ts'
import { parseStanza } from '../src/xml/parse.ts'
import { serialize } from '../src/xml/serialize.ts'

/** times each measured piece runs in a round; the best of the rounds counts, as nothing makes it too short */
const TIMES = 20_000
const ROUNDS = 7

const translator = createTranslator(vocabulary)
const chat =
  "<message xmlns='jabber:client' from='romeo@montague.example/orchard' to='juliet@capulet.example' id='m1' type='chat'>" +
  '<body>Wilt thou leave me so unsatisfied? What satisfaction canst thou have to-night?</body>' +
  "<origin-id xmlns='urn:xmpp:sid:0' id='m1'/><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>"
const unknown = (count: number) =>
  `<message xmlns='jabber:client'>${Array.from({ length: count }, (_, index) => `<x xmlns='urn:example:${index}' a='1'>t</x>`).join('')}</message>`

function best(run: () => unknown, times = TIMES): number {
  let shortest = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.hrtime.bigint()
    for (let time = 0; time < times; time += 1) run()
    shortest = Math.min(shortest, Number(process.hrtime.bigint() - start) / 1_000 / times)
  }
  return shortest
}

const tree = parse(chat)
const { kind, json } = translator.read(parseStanza(chat))
console.log(
  JSON.stringify({
    read: best(() => translator.read(parseStanza(chat))),
    ltxParse: best(() => parse(chat)),
    write: best(() => serialize(translator.write(kind, json))),
    ltxWrite: best(() => tree.toString()),
    unknown10: best(() => translator.read(parseStanza(unknown(10))), 2_000) / 10,
    unknown100: best(() => translator.read(parseStanza(unknown(100))), 200) / 100,
  }),
)
