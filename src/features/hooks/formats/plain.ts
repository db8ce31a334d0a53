/** Formats that say what they are given: text, any JSON, and Slack's incoming webhooks. */
import { invalidRequest } from '../../../errors/refusals.ts'
import type { Format } from '../told.ts'
import { object, objects, text } from './values.ts'

export const plainText: Format = ({ text }) => ({ text })

export const anyJson: Format = ({ json }) => ({ text: typeof json === 'string' ? json : JSON.stringify(json, undefined, 2) })

/** `{text, attachments?: [{pretext?, title?, text?, fallback?}]}` */
export const slack: Format = ({ json }) => {
  const body = object(json)
  const attached = objects(body.attachments).flatMap(({ pretext, title, text: words, fallback }) => {
    const own = [pretext, title, words].map(text).filter(Boolean)
    return own.length > 0 ? own : [text(fallback)]
  })
  const said = [text(body.text), ...attached].filter(Boolean).join('\n')
  if (said === '') throw invalidRequest('body.text', 'is required')
  return { text: unmarked(said) }
}

/** Slack writes links as <https://…|words>, and & < > as entities. */
const unmarked = (said: string) =>
  said
    .replace(/<([a-z]+:[^|>\s]+)\|([^>]+)>/g, '$2 ($1)')
    .replace(/<([a-z]+:[^|>\s]+)>/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
