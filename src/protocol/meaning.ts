/** What the JSON of a message means to somebody who reads messages. */
import type { StanzaJson } from '../codec/translate.ts'

export const messageSenses = [
  'error',
  'retraction',
  'correction',
  'reaction',
  'chat',
  'receipt',
  'marker',
  'chatState',
  'subject',
  'other',
] as const

/** `chat` has something to read or to look at; `subject` only sets the subject, as rooms do. */
export type MessageSense = (typeof messageSenses)[number]

/** members that a message is worth reading for */
const contents = [
  'body',
  'bodies',
  'html',
  'htmls',
  'attention',
  'invite',
  'oob',
  'fileSharing',
  'fileSources',
  'fileMetadata',
  'location',
  'form',
]

/** what may stand beside a chat state without making more of the message */
const accompanying = new Set([
  ...[
    'from',
    'to',
    'id',
    'lang',
    'type',
    'chatState',
    'thread',
    'parentThread',
    'hints',
    'originId',
    'stanzaIds',
    'occupantId',
    'delay',
    'nick',
  ],
])

/**
 * Says what a message is, by what it is about first: one that retracts, corrects or reacts (XEP-0424, 0308, 0444) does so even where
 * it has a body for older clients; a receipt, marker or chat state (XEP-0184, 0333, 0085) only where it brings nothing to read.
 */
export function classify(message: StanzaJson): MessageSense {
  if (message.type === 'error') return 'error'
  if (message.retract !== undefined) return 'retraction'
  if (message.replace !== undefined) return 'correction'
  if (message.reactions !== undefined) return 'reaction'
  if (contents.some((member) => message[member] !== undefined)) return 'chat'
  if (typeOf(message.receipt) === 'received') return 'receipt'
  if (message.marker !== undefined && typeOf(message.marker) !== 'markable') return 'marker'
  if (message.chatState !== undefined && Object.keys(message).every((member) => accompanying.has(member))) return 'chatState'
  return message.subject !== undefined || message.subjects !== undefined ? 'subject' : 'other'
}

function typeOf(value: unknown): unknown {
  return (value as { type?: unknown } | undefined)?.type
}

interface Mark {
  body?: Range[]
  subject?: Range[]
}

interface Range {
  start?: number
  end?: number
  raw?: unknown
}

/**
 * The body without what XEP-0428 marks as a fallback for older clients; without a body, the first of `bodies`. Undefined without any.
 * Offsets count Unicode code points; a range that is none is left alone.
 */
export function derivedText(message: StanzaJson): string | undefined {
  const { bodies, fallback } = message as { bodies?: Record<string, string>; fallback?: Mark[] }
  const body = (message.body as string | undefined) ?? Object.values(bodies ?? {})[0]
  if (body === undefined || fallback === undefined) return body
  const length = lengthOf(body)
  return without(
    body,
    fallback.flatMap((mark) => rangesOf(mark, length)),
  )
}

/** A mark without parts means the whole message; one of the subject alone nothing of the body. */
function rangesOf({ body, subject }: Mark, length: number): [start: number, end: number][] {
  if (body === undefined) return subject === undefined ? [[0, length]] : []
  return body
    .filter(({ raw }) => raw === undefined)
    .map(({ start = 0, end = length }): [number, number] => [start, end])
    .filter(([start, end]) => start <= end && end <= length)
}

/** The text without these ranges of code points, in one pass however many they are. */
function without(text: string, ranges: [start: number, end: number][]): string {
  const at = indexes(text)
  let kept = ''
  let from = 0
  for (const [start, end] of ranges.sort(([one], [other]) => one - other)) {
    if (start > from) kept += text.slice(at(from), at(start))
    from = Math.max(from, end)
  }
  return kept + text.slice(at(from))
}

const surrogate = /[\ud800-\udbff]/

function lengthOf(text: string): number {
  if (!surrogate.test(text)) return text.length
  let length = 0
  for (const _ of text) length += 1
  return length
}

/** Where in the text a code point begins. It may be asked for later and later ones only: it goes on from the last. */
function indexes(text: string): (point: number) => number {
  if (!surrogate.test(text)) return (point) => point
  let passed = 0
  let index = 0
  return (point) => {
    for (; passed < point; passed += 1) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1
    return index
  }
}
