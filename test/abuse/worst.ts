/** Bodies and stanzas that are as much work as their size allows. */

/** characters of a body just below BODY_LIMIT, and of XML just below STANZA_LIMIT */
export const BODY = 1000 * 1000
export const STANZA = 245 * 1024

export const times = (text: string, size: number) => text.repeat(Math.max(1, Math.floor(size / text.length)))
export const list = (one: unknown, size: number) => `[${times(`${JSON.stringify(one)},`, size)}${JSON.stringify(one)}]`
const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)

/** JSON that nothing or something takes: as the member of a request, by what it is */
export const json: Readonly<Record<string, string>> = {
  'empty lists': list([], BODY),
  'empty objects': list({}, BODY),
  numbers: list(1, BODY),
  texts: list('', BODY),
  deep: `${nested('[', ']', 130)}`.padEnd(BODY, ' '),
  'deeper than allowed': nested('[', ']', BODY / 2),
  members: `{${Array.from({ length: 19_000 }, (_, index) => `"k${index}":"${'x'.repeat(30)}"`).join()}}`,
  'more members than allowed': `{${Array.from({ length: 90_000 }, (_, index) => `"${index}":1`).join()}}`,
  'one text': `"${'é'.repeat(BODY / 3)}"`,
  escapes: `"${times('\\u00e9', BODY - 1000)}"`,
  space: `1${' '.repeat(BODY)}`,
}

const ranges = times("<body start='0' end='0'/>", STANZA / 2)

/** children of a message of the largest size, by what they are */
export const contents: Readonly<Record<string, string>> = {
  'fallback ranges': `<body>${'x'.repeat(STANZA / 2)}</body><fallback xmlns='urn:xmpp:fallback:0' for='x'>${ranges}</fallback>`,
  references: `<body>${'👋'.repeat(STANZA / 16)}</body>${times("<reference xmlns='urn:xmpp:reference:0' begin='0' end='1' type='mention' uri='xmpp:a@b'/>", (STANZA * 3) / 4)}`,
  'XHTML with many styles': xhtml(times("<span style='color:red;font-size:1px;x:y'>a</span>", STANZA)),
  'XHTML that is deep': xhtml(`${'<em>'.repeat(50)}${times('<em/>', STANZA)}${'</em>'.repeat(50)}`),
  'a form': `<x xmlns='jabber:x:data' type='form'>${times("<field var='a' type='list-multi'><option><value>1</value></option></field>", STANZA)}</x>`,
  'values of one field': `<x xmlns='jabber:x:data' type='form'><field var='a' type='text-multi'>${times('<value/>', STANZA).slice(0, 8 * 9900)}</field></x>`,
  'bodies in many languages': Array.from({ length: 6000 }, (_, index) => `<body xml:lang='a-${index.toString(36)}'>x</body>`).join(''),
  'unknown children': times("<x xmlns='urn:x'/>", STANZA).slice(0, 18 * 9900),
  'empty children of one': `<x xmlns='urn:x'>${times('<a/>', STANZA).slice(0, 4 * 9900)}</x>`,
  'elements in elements': times(`<x xmlns='urn:x'>${'<a>'.repeat(30)}${'</a>'.repeat(30)}</x>`, STANZA),
  attributes: times(`<x xmlns='urn:x' ${Array.from({ length: 120 }, (_, index) => `a${index}=''`).join(' ')}/>`, STANZA),
  namespaces: times(`<x xmlns='urn:${'x'.repeat(1000)}'/>`, STANZA),
  'namespaces with prefixes': times(
    `<x xmlns='urn:x' ${Array.from({ length: 100 }, (_, index) => `xmlns:p${index}='urn:${index}'`).join(' ')}/>`,
    STANZA,
  ),
  entities: `<body>${times('&amp;', STANZA)}</body>`,
  'numbers of characters': `<body>${times('&#x1F44B;', STANZA)}</body>`,
  'quotes of earlier words': `<body>${times('> > > a\n', STANZA)}</body>`,
  'identity of stanzas': times("<stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='x'/>", STANZA),
  'items of a node': `<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='x'>${times("<item id='1'><a xmlns='urn:a'/></item>", STANZA).slice(0, 38 * 6000)}</items></event>`,
  reactions: `<reactions xmlns='urn:xmpp:reactions:0' id='1'>${times('<reaction>👋</reaction>', STANZA).slice(0, 25 * 9900)}</reactions>`,
  'what is forwarded in what is forwarded': `${"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>".repeat(28)}<body>${'x'.repeat(STANZA - 5000)}</body>${'</message></forwarded>'.repeat(28)}`,
  'a long text': `<body>${'é'.repeat(STANZA / 2)}</body>`,
}

function xhtml(inner: string): string {
  return `<body>x</body><html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>${inner}</body></html>`
}

/** XML that is refused, or is more than it looks like, for where a caller may send it */
export const xml: Readonly<Record<string, string>> = {
  comments: `<message xmlns='jabber:client'>${times('<!---->', STANZA)}</message>`,
  'comments without an end': times('<!--', STANZA),
  'CDATA sections': `<message xmlns='jabber:client'><body>${times('<![CDATA[]]>', STANZA)}</body></message>`,
  'CDATA without an end': `<message xmlns='jabber:client'><body>${times('<![CDATA[', STANZA)}`,
  'entities of its own': `<!DOCTYPE a [<!ENTITY a "aaaa">${times('<!ENTITY b "&a;&a;&a;">', STANZA)}]><message>&b;</message>`,
  instructions: `<message xmlns='jabber:client'>${times('<?x?>', STANZA)}</message>`,
  'references that are none': `<message xmlns='jabber:client'><body>${times('&', STANZA)}</body></message>`,
  'open tags': times('<message>', STANZA),
  'open brackets': times('<', STANZA),
  'one attribute': `<message xmlns='jabber:client' a='${'x'.repeat(STANZA)}'/>`,
  'many attributes': `<message xmlns='jabber:client' ${Array.from({ length: 20_000 }, (_, index) => `a${index}=''`).join(' ')}/>`,
  'a long name': `<message xmlns='jabber:client'><${'x'.repeat(STANZA)}/></message>`,
  ...Object.fromEntries(
    Object.entries(contents).map(([what, inner]) => [what, `<message xmlns='jabber:client' to='a@b.example'>${inner}</message>`]),
  ),
}
