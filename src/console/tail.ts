import type { Event } from '../client/client.ts'

/** events that are kept to be shown; the oldest go first */
const ROWS_MAX = 2_000

/** The last events of a log, as they came. */
export interface Tail {
  readonly rows: readonly Event[]
  /** events so far, those that are not kept any more too */
  readonly count: number
  readonly notes: readonly string[]
  take(event: Event): void
  note(text: string): void
}

export function createTail(changed: () => void): Tail {
  let rows: Event[] = []
  let count = 0
  const notes: string[] = []
  return {
    get rows() {
      return rows
    },
    get count() {
      return count
    },
    notes,
    take(event) {
      rows.push(event)
      count += 1
      // not one by one, for each would move all others
      if (rows.length >= ROWS_MAX * 1.25) rows = rows.slice(-ROWS_MAX)
      changed()
    },
    note(text) {
      notes.push(text)
      changed()
    },
  }
}

/** A line about what happened, of the little that its type says of its data. */
export function summaryOf({ type, data }: Event): string {
  const told = data as Record<string, unknown>
  const kind = type.split('.')[0]
  if (kind === 'message' && typeof told.status === 'string') return [told.to, told.error].filter(Boolean).map(textOf).join(' · ')
  const members = ['body', 'show', 'status', 'chatState', 'state', 'reason', 'subscription', 'name', 'node', 'from', 'to']
  const known = members.filter((name) => ['string', 'number'].includes(typeof told[name]))
  return known
    .slice(0, 3)
    .map((name) => (name === 'body' ? String(told[name]) : `${name}: ${told[name]}`))
    .join(' · ')
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
