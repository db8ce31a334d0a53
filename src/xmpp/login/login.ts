import type { UserAgent } from '../../gateway/ports/connection.ts'
import type { SaslOptions } from '../../gateway/ports/session-record.ts'
import type { Element } from '../../xml/element.ts'
import type { Bounds } from '../bounds.ts'
import type { Channel } from '../stream/channel.ts'
import type { StreamFeatures } from '../stream/stream-features.ts'
import type { Enabled } from '../stream/stream-management.ts'
import type { Reader } from '../stream/stream-reader.ts'
import type { Derive } from './mechanisms/derivation.ts'
import type { PlainPolicy } from './sasl.ts'

/** What a connection keeps in mind from one log-in to the next. */
export interface LoginMemory {
  /** the server broke in the middle of SASL2: it is met with classic SASL */
  sasl2Broken: boolean
  /** the server could do without seeing the password: it is not shown to it any more */
  hidden: boolean
}

/** What a log-in is given. */
export interface Login {
  channel: Channel
  reader: Reader
  /** bare JID */
  jid: string
  /** '' where there is none */
  password: string
  sasl: SaslOptions
  plain: PlainPolicy
  resource: string
  /** a stream to resume: its id and the number of the last stanza stored */
  resume: { id: string; jid: string; h: () => number } | undefined
  userAgent: UserAgent | undefined
  memory: LoginMemory
  derive: (signal: AbortSignal) => Derive
  bounds: Bounds
  /** aborted with a Failure */
  signal: AbortSignal
}

/** What comes of it: a stream that is bound or resumed. */
export interface Negotiated {
  /** the full JID that the server bound, as it wrote it */
  jid: string
  /** as offered after authentication; none where they come later, if at all */
  features: StreamFeatures
  outcome:
    | { kind: 'resumed'; h: number }
    /** `management` undefined: the server has none; `failedH`: where a resume was refused, the server's h if it gave one */
    | { kind: 'bound'; management: Enabled | undefined; failedH: number | null }
  /** stanzas that came after the bind and before stream management counted */
  early: Element[]
}
