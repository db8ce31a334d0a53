/** RFC 4287: The Atom Syndication Format, the entries that XEP-0060 and XEP-0277 publish */

import { likewise } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, content, many, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { string, timestamp } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'

const ATOM = 'http://www.w3.org/2005/Atom'
const lang = attribute(string, 'xml:lang')

const words = (name: string) => payload('AtomText', name, ATOM, { type: attribute(), lang, text: content(), elements: elements() })
const title = words('title')
const phrase = (name: string) => one(likewise(title, words(name)))

const human = (name: string) => payload('AtomPerson', name, ATOM, { name: text(), uri: text(), email: text() })
const author = human('author')
const contributor = likewise(author, human('contributor'))

const link = payload('AtomLink', 'link', ATOM, {
  href: attribute(),
  rel: attribute(),
  type: attribute(),
  hreflang: attribute(),
  title: attribute(),
  length: attribute(),
})

const category = payload('AtomCategory', 'category', ATOM, { term: attribute(), scheme: attribute(), label: attribute() })

const source = payload('AtomSource', 'source', ATOM, { id: text(), title: phrase('title'), updated: text(timestamp), links: many(link) })

const entryContent = payload('AtomContent', 'content', ATOM, {
  type: attribute(),
  source: attribute(string, 'src'),
  lang,
  text: content(),
  elements: elements(),
})

export const atom = define(
  'atom',
  ['item'],
  payload('AtomEntry', 'entry', ATOM, {
    lang,
    id: text(),
    title: phrase('title'),
    subtitle: phrase('subtitle'),
    summary: phrase('summary'),
    content: one(entryContent),
    rights: phrase('rights'),
    published: text(timestamp),
    updated: text(timestamp),
    authors: many(author),
    contributors: many(contributor),
    links: many(link),
    categories: many(category),
    source: one(source),
    elements: elements(),
  }),
)
