/** Text of others, and times, as a person is shown them. */

/** characters of a body that are shown; the whole of it is among the events */
const BODY_MAX = 4_000

/** Names, addresses and the like: what would reorder or hide text around it (Unicode TR9, TR36) stands as its code. */
export function shown(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

export const cut = (body: string) => (body.length > BODY_MAX ? `${body.slice(0, BODY_MAX)}… (${body.length} characters)` : body)

export interface Piece {
  text: string
  /** where it leads, where it is a link */
  href?: string
}

/** A body in pieces: what is an address of the web or of XMPP is a link, and nothing else is. */
export function pieces(body: string): Piece[] {
  const found: Piece[] = []
  let end = 0
  for (const match of body.matchAll(/\b(?:https?:\/\/|xmpp:)[^\s<>"]+/gi)) {
    const href = linkOf(match[0])
    if (href === undefined) continue
    if (match.index > end) found.push({ text: body.slice(end, match.index) })
    found.push({ text: shown(match[0]), href })
    end = match.index + match[0].length
  }
  if (end < body.length) found.push({ text: body.slice(end) })
  return found
}

function linkOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, href } = new URL(text)
  return ['http:', 'https:', 'xmpp:'].includes(protocol) ? href : undefined
}

export const bare = (jid: string) => jid.split('/', 1)[0] as string

/** Of somebody in a room; of the room itself nothing. */
export const nickOf = (jid: string) => jid.slice(bare(jid).length + 1)

/** Of today the time, of another day the date with it. */
export function timeOf(at: string | null | undefined): string {
  if (at === null || at === undefined) return ''
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday
    ? date.toLocaleTimeString([], { hour12: false })
    : date.toLocaleString([], { hour12: false, dateStyle: 'short', timeStyle: 'medium' })
}

/** `12 s`, `5 min`, `3 h`, `2 d` */
export function ageOf(at: string | null | undefined, now = Date.now()): string {
  if (at === null || at === undefined) return ''
  return spanOf(Math.max(0, (now - Date.parse(at)) / 1000))
}

export function spanOf(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
