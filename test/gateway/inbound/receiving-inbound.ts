import { createInbound, type Inbound, type Receive } from '../../../src/gateway/inbound/queue.ts'
import type { Change, StreamState } from '../../../src/gateway/ports/change.ts'
import type { Element } from '../../../src/xml/element.ts'

type Context = Omit<Parameters<typeof createInbound>[0], 'journal' | 'connections'>

interface Scripted extends Context {
  receive: Receive
  write(change: Change): Promise<unknown>
  stream(connection: number): string
  stored(connection: number, position: number): void
  snapshot(connection: number): StreamState | null
}

/** A queue whose stanzas all come to what `receive` says. */
export function createReceivingInbound({ receive, write, stream, stored, snapshot, ...context }: Scripted) {
  const get = (index: number) => ({ stored: (position: number) => stored(index, position), snapshot: () => snapshot(index) })
  const inbound: Inbound = createInbound({ ...context, journal: { write }, connections: { stream, get } })
  return {
    push: (connection: number, stanza: Element, position: number) => inbound.push(connection, stanza, position, { stanza: receive }),
    mark: (connection: number) => inbound.mark(connection),
    enqueue: (handle: Parameters<Inbound['enqueue']>[0]) => inbound.enqueue(handle),
    settled: () => inbound.settled(),
  }
}
