/** A place for a file at the upload service of the account's server (XEP-0363 section 5). Runs on the owner. */
import { Problem } from '../../errors/problem.ts'
import { bodyTooLarge } from '../../errors/refusals.ts'
import { defineCommand } from '../../gateway/contract/session.ts'
import { UPLOAD } from '../../protocol/namespaces.ts'
import { child, element, elements, text } from '../../xml/element.ts'
import type { FindHome } from '../discovery.ts'

/** ms for the answer of the service */
const SLOT_WITHIN = 15_000
/** the only headers that a service may ask for (XEP-0363 section 9.2), by their names in lower case */
const HEADERS: Readonly<Record<string, string>> = { authorization: 'Authorization', cookie: 'Cookie', expires: 'Expires' }

export interface NewFile {
  fileName: string
  size: number
  mediaType?: string
}

export interface Slot {
  put: { url: string; headers: Record<string, string> }
  get: string
}

export const requestSlot = defineCommand<NewFile, Slot>({ name: 'uploads.slot' })

export const slots = (findHome: FindHome) =>
  requestSlot.by(async (session, { fileName, size, mediaType }) => {
    const { upload } = await findHome(session)
    if (!upload) throw new Problem('upload-unavailable', 'The server of the account has no upload service (XEP-0363).')
    const { service, maxSize } = upload
    if (maxSize !== undefined && size > maxSize) throw bodyTooLarge(maxSize)
    const payload = element('request', UPLOAD, { filename: fileName, size: String(size), 'content-type': mediaType })
    const answer = await session.iq({ type: 'get', to: service, payload }, { timeout: SLOT_WITHIN }).catch((error: unknown) => {
      throw isTooLarge(error) ? bodyTooLarge(maxSize) : error
    })
    const slot = child(answer, 'slot', UPLOAD)
    const put = slot && child(slot, 'put')
    const [putUrl, get] = [put?.attributes.url, slot && child(slot, 'get')?.attributes.url]
    if (!put || putUrl === undefined || get === undefined)
      throw new Problem('upload-failed', 'The upload service gave a place for the file that cannot be read.')
    return { put: { url: putUrl, headers: headersOf(elements(put).map((one) => [one.attributes.name ?? '', text(one)])) }, get }
  })

function headersOf(told: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of told) {
    const known = HEADERS[name.trim().toLowerCase()]
    if (known !== undefined) headers[known] = value.replace(/[\r\n]/g, '')
  }
  return headers
}

const isTooLarge = (error: unknown) => error instanceof Problem && error.options.xmpp?.applicationCondition?.name === 'file-too-large'
