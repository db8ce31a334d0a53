/** Which node of which service a request is about. */
import { z } from 'zod'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { jid } from '../../jid.ts'

/** characters of the name of a node: servers' limits are about this */
const NODE_MAX = 1023

const service = jidScalar.schema.optional().meta({ description: 'The pubsub service; by default the own account (PEP)' })
const node = z.string().min(1).max(NODE_MAX).meta({ description: 'The node, percent-encoded: names have `/`, `:` and `#`' })

export const place = { service, node }
export const anyNode = { service, node: node.optional() }

/** Whom to ask; absent: the own account. Throws jid-malformed. */
export function addressee({ service }: { service?: string }): { to?: string } {
  return service === undefined ? {} : { to: jid(service, 'query.service') }
}
