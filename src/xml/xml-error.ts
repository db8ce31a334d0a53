/** Stream error conditions that XML can cause (RFC 6120 section 4.9.3). */
export type XmlCondition =
  | 'bad-format'
  | 'invalid-namespace'
  | 'not-well-formed'
  | 'policy-violation'
  | 'restricted-xml'
  | 'unsupported-encoding'

/** XML that is refused. The parser that threw it reads no further. */
export class XmlError extends Error {
  readonly condition: XmlCondition

  constructor(condition: XmlCondition, message: string) {
    super(message)
    this.name = 'XmlError'
    this.condition = condition
  }
}

export function malformed(message: string): XmlError {
  return new XmlError('not-well-formed', message)
}
