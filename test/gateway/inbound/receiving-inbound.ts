import { createInbound, type Inbound, type Receive } from '../../../src/gateway/inbound/queue.ts'
import type { Element } from '../../../src/xml/element.ts'

/** A queue whose stanzas all come to what `receive` says. */
export function createReceivingInbound({ receive, ...options }: Parameters<typeof createInbound>[0] & { receive: Receive }) {
  const inbound: Inbound = createInbound(options)
  return {
    ...inbound,
    push: (connection: number, stanza: Element, position: number) => inbound.push(connection, stanza, position, receive),
  }
}
