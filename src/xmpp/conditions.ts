/**
 * The conditions that a server may name. What is in no list is told as undefined-condition (RFC 6120 section 4.9.3.21), so that
 * reasons are a closed list: they are labels of metrics, and a server must not be able to make as many as it likes.
 */

/** RFC 6120 section 4.9.3; invalid-id and xml-not-well-formed are of RFC 3920 */
const streamConditions: ReadonlySet<string> = new Set([
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-id',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
  'xml-not-well-formed',
])

/** RFC 6120 section 6.5; bad-protocol is of an older one that servers still send */
const saslConditions: ReadonlySet<string> = new Set([
  'aborted',
  'account-disabled',
  'bad-protocol',
  'credentials-expired',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
  'not-authorized',
  'temporary-auth-failure',
])

const oneOf = (known: ReadonlySet<string>) => (name: string | undefined) =>
  name !== undefined && known.has(name) ? name : 'undefined-condition'

export const streamCondition = oneOf(streamConditions)
export const saslCondition = oneOf(saslConditions)
