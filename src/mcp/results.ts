/** What a tool answers: JSON for programs, and the same as text for the model. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Problem } from '../errors/problem.ts'

/** Control characters, those that turn the direction of text, and those that nobody sees: what others write is to be read as it is. */
const hidden = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu

/** The same value for every reader of JSON. */
const textOf = (value: unknown) =>
  JSON.stringify(value).replace(hidden, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )

const text = (words: string) => ({ type: 'text' as const, text: words })

export const done = (answer: Record<string, unknown>): CallToolResult => ({ content: [text(textOf(answer))], structuredContent: answer })

/** A tool has members, and does not know whether they are of a query or a body. */
const placeless = (words: string) => words.replace(/^(?:params|query|body)\./, '')

/** A problem in words, its code first. */
export function refused({ code, message, options: { errors = [], retryAfter, members } }: Problem): CallToolResult {
  const told = placeless(message)
  const faults = errors.map(({ path, message }) => placeless(`${path}: ${message}`)).filter((fault) => !told.includes(fault))
  const more = Object.entries(members ?? {}).map(([name, value]) => `${name}: ${value}`)
  const again = retryAfter === undefined ? [] : [`Try again in ${Math.ceil(retryAfter)} s.`]
  const lines = [`${code}: ${told}`, ...faults, ...more, ...again]
  return { isError: true, content: [text(lines.map((line) => line.replace(hidden, '\ufffd')).join('\n'))] }
}
