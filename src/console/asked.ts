import type { OperationId } from '../client/client.ts'
import { type HttpRequest, requestOf } from '../client/request.ts'
import { gatewayUrl } from './gateway-url.ts'

/** What is filled in for an operation, as text. */
export interface Draft {
  /** parameters by their names; those that are empty are left out */
  parameters: Readonly<Record<string, string>>
  /** JSON or XML */
  body: string
  file?: File | undefined
}

/** A request that was sent by hand, and its answer. */
export interface Asked {
  readonly key: number
  readonly id: OperationId
  readonly draft: Draft
  readonly request: HttpRequest
  readonly at: string
  /** ms */
  readonly took: number
  /** none where nothing came back */
  readonly status?: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** requests that are kept until the sign-out, and characters of an answer that are */
export const ASKED_MAX = 50
const ANSWER_MAX = 100_000

/** The request of a draft. Throws an error that says what is wrong with it. */
export function requestOfDraft(session: string, id: OperationId, { parameters, body, file }: Draft): HttpRequest {
  const filled = Object.entries(parameters).filter(([, value]) => value !== '')
  const bytes = file && { bytes: file }
  return requestOf(id, { ...membersOf(body), ...Object.fromEntries(filled), ...bytes, session })
}

function membersOf(body: string): object {
  const text = body.trim()
  if (text === '') return {}
  if (text.startsWith('<')) return { xml: text }
  const members: unknown = JSON.parse(text)
  if (typeof members !== 'object' || members === null || Array.isArray(members)) throw new TypeError('The body is one JSON object')
  return members
}

/** Sends it once, and waits for whatever comes back. */
export async function ask(
  send: (request: HttpRequest) => Promise<Response>,
  { key, id, draft, request }: Pick<Asked, 'key' | 'id' | 'draft' | 'request'>,
): Promise<Asked> {
  const began = performance.now()
  const asked = { key, id, draft, request, at: new Date().toISOString() }
  try {
    const response = await send(request)
    const body = await bodyOf(response)
    return { ...asked, took: performance.now() - began, status: response.status, headers: [...response.headers], body }
  } catch (error) {
    return { ...asked, took: performance.now() - began, headers: [], body: (error as Error).message }
  }
}

async function bodyOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? ''
  if (!/json|xml|text/.test(type)) {
    const { size } = await response.blob()
    return size === 0 ? '' : `${size} bytes of ${type}`
  }
  const text = await response.text()
  const printed = type.includes('json') ? JSON.stringify(JSON.parse(text), undefined, 2) : text
  return printed.length > ANSWER_MAX ? `${printed.slice(0, ANSWER_MAX)}… (${printed.length} characters)` : printed
}

/** The same from a shell. */
export function curlOf({ method, target, headers, body }: HttpRequest): string {
  const quoted = (text: string) => `'${text.replaceAll(`'`, `'\\''`)}'`
  const given = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  const data = body === undefined ? [] : typeof body === 'string' ? [`--data-raw ${quoted(body)}`] : ['--data-binary @FILE']
  return ['curl', `-X ${method}`, '-H "Authorization: Bearer $STANZAGATE_KEY"', ...given, ...data, quoted(gatewayUrl + target)].join(' ')
}
