/** Members of JSON of which nothing is known. */

export type Value = Readonly<Record<string, unknown>>

export const object = (value: unknown): Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Value) : {}
export const objects = (value: unknown): Value[] => (Array.isArray(value) ? value.map(object) : [])
/** text, and numbers as text; anything else is none */
export const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '')
/** the first line of a text, cut where it is long */
export function line(value: unknown, most = 200): string {
  const [first = ''] = text(value).split(/\r?\n/, 1)
  return first.length > most ? `${first.slice(0, most - 1)}…` : first
}
