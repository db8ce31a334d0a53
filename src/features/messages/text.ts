import { type Element, elements, text } from '../../stanza/element.ts'

const FALLBACK = 'urn:xmpp:fallback:0'

/**
 * What a person should read: the body without the parts that XEP-0428 marks as a fallback for older clients.
 * Undefined without a body. Offsets count Unicode code points; a range that is none is left alone.
 */
export function readableText(message: Element): string | undefined {
  const body =
    elements(message).find(({ name, xmlns, attributes }) => name === 'body' && xmlns === message.xmlns && !attributes['xml:lang']) ??
    elements(message).find(({ name, xmlns }) => name === 'body' && xmlns === message.xmlns)
  if (!body) return undefined
  const whole = text(body)
  const marks = elements(message).filter(({ name, xmlns }) => name === 'fallback' && xmlns === FALLBACK)
  if (marks.length === 0) return whole
  const characters = Array.from(whole)
  const hidden = marks.flatMap((mark) => rangesOf(mark, characters.length))
  return characters.filter((_, index) => !hidden.some(({ start, end }) => index >= start && index < end)).join('')
}

function rangesOf(mark: Element, length: number): { start: number; end: number }[] {
  const parts = elements(mark).filter(({ xmlns }) => xmlns === FALLBACK)
  // an empty mark means the whole message, one of the subject alone nothing of the body
  if (parts.length === 0) return [{ start: 0, end: length }]
  return parts
    .filter(({ name }) => name === 'body')
    .map(({ attributes }) => ({ start: offset(attributes.start, 0), end: offset(attributes.end, length) }))
    .filter(({ start, end }) => start <= end && end <= length)
}

function offset(value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  return /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
}
