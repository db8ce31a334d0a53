import { child, childText, type Element, elements } from '../../xml/element.ts'

const LIMITS = 'urn:xmpp:stream-limits:0'

/** XEP-0478 */
export interface StreamLimits {
  /** bytes of a stanza that the server takes */
  maxBytes: number | undefined
  /** the server ends a stream that it heard nothing of for so long */
  idleSeconds: number | undefined
}

/** What the core and the stream need to know of `<stream:features/>`. */
export interface StreamFeatures extends StreamLimits {
  /** names (xmlns) */
  names: string[]
}

export const noFeatures: StreamFeatures = { names: [], maxBytes: undefined, idleSeconds: undefined }

export function readFeatures(offered: Element): StreamFeatures {
  const limits = child(offered, 'limits', LIMITS)
  return {
    names: elements(offered).map(({ xmlns }) => xmlns),
    maxBytes: limits && positive(childText(limits, 'max-bytes')),
    idleSeconds: limits && positive(childText(limits, 'idle-seconds')),
  }
}

function positive(value: string | undefined): number | undefined {
  const number = Number(value)
  return value !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined
}
