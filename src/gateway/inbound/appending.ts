import type { Change } from '../ports/change.ts'
import type { Span, Tracing } from '../ports/tracing.ts'

/** Begins the span of a stanza that came at that time (epoch ms) and is told: its events belong to it, until they are stored. */
export type Appending = (at: number, change: Change) => Span | undefined

/**
 * What is told of a message of ours belongs to the trace of that; presence and chat states, of which there are many, begin none. Undefined
 * where nobody wants to know.
 */
export function createAppending({ session, tracing }: { session: string; tracing: Tracing }): Appending | undefined {
  if (!tracing.isOn) return undefined
  return (at, { events = [] }) => {
    const first = events.find(({ trace }) => trace !== undefined) ?? events.find(({ volatile }) => !volatile)
    if (first === undefined) return undefined
    const attributes = { 'stanzagate.session': session, 'stanzagate.event': first.type }
    const span = tracing.begin('append', { parent: first.trace, at, attributes })
    if (span) for (const event of events) event.trace = span.trace
    return span
  }
}
