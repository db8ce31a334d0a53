/** What a stanza error said (RFC 6120 section 8.3), where there was one. */
export interface XmppError {
  type: string
  condition: string
  text?: string
  by?: string
  uri?: string
  applicationCondition?: { name: string; xmlns: string }
}

/** The members of a problem document (RFC 9457) that are read. */
export interface ProblemDocument {
  code: string
  status: number
  detail?: string
  title?: string
  retryable?: boolean
  requestId?: string
  errors?: readonly { path: string; message: string }[]
  xmpp?: XmppError
  [member: string]: unknown
}

/** Everything that the gateway refuses or could not do. `message` is `detail`. */
export class StanzagateProblem extends Error {
  /** of the gateway's catalogue; `http-<status>` where the answer came from something before it */
  readonly code: string
  readonly status: number
  readonly detail: string
  /** worth another try as it is */
  readonly retryable: boolean
  /** seconds */
  readonly retryAfter: number | undefined
  readonly xmpp: XmppError | undefined
  readonly requestId: string | undefined
  /** the members of the request that are wrong */
  readonly errors: readonly { path: string; message: string }[]
  /** the document as it came, with members such as `oldest` of `cursor-expired` */
  readonly document: ProblemDocument

  constructor(document: ProblemDocument, retryAfter?: number) {
    const { code, status, detail = document.title ?? code, retryable = false, errors = [] } = document
    super(detail)
    this.name = 'StanzagateProblem'
    this.code = code
    this.status = status
    this.detail = detail
    this.retryable = retryable
    this.retryAfter = retryAfter
    this.xmpp = document.xmpp
    this.requestId = document.requestId
    this.errors = errors
    this.document = document
  }
}
