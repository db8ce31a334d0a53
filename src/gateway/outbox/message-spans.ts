import type { OutboxEntry } from '../ports/message.ts'
import type { Span, Tracing } from '../ports/tracing.ts'
import type { Records } from './recent-records.ts'

/** Spans of messages under way: until a socket took them, and from there until their server has them. */
export interface MessageSpans {
  writing(entry: OutboxEntry): void
  wrote(entry: OutboxEntry): void
  /** `fault`: it is not acknowledged */
  over(entry: OutboxEntry, fault?: string): void
}

/** undefined where nobody wants to know of them */
export function createMessageSpans({
  session,
  records,
  tracing,
}: {
  session: string
  records: Pick<Records, 'cached'>
  tracing: Tracing
}): MessageSpans | undefined {
  if (!tracing.isOn) return undefined
  /** as many as are in flight, at most */
  const open = new Map<string, { write: Span; ack?: Span | undefined }>()

  function wrote({ id }: OutboxEntry): void {
    const one = open.get(id)
    if (one === undefined || one.ack) return
    one.write.end()
    one.ack = tracing.begin('ack', { parent: one.write.trace, attributes: attributesOf(id) })
  }

  const attributesOf = (message: string) => ({ 'stanzagate.session': session, 'messaging.message.id': message })

  return {
    writing({ id }) {
      const parent = records.cached(id)?.trace
      const write = parent && tracing.begin('write', { parent, attributes: attributesOf(id) })
      if (write) open.set(id, { write })
    },
    wrote,
    over(entry, fault) {
      const one = open.get(entry.id)
      if (one === undefined) return
      // the server may be faster than the word that the socket took it
      if (fault === undefined) wrote(entry)
      open.delete(entry.id)
      const last = one.ack ?? one.write
      last.end({ fault })
    },
  }
}
