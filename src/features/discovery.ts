/** What others say of themselves (XEP-0030), and which services the account's own server has. */
import { Problem } from '../errors/problem.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { isRefusal } from '../gateway/session/iq-correlator.ts'
import { domainOf } from '../jid.ts'
import { DATA_FORM, DISCO_INFO, DISCO_ITEMS, MUC, UPLOAD } from '../protocol/namespaces.ts'
import { child, childText, type Element, element, elements } from '../xml/element.ts'

/** ms that one question may take, and longer where it or its answer is on its way still */
const ASK_WITHIN = { timeout: 10_000, most: 30_000 }
/** services of a server that are asked what they are */
const SERVICES_MAX = 20
/** ms that what was found counts */
const AGE = 300_000

/** The answer of an entity to disco#info. Rejects as `iq` does. */
export async function askInfo(session: LiveSession, { to, node }: { to?: string; node?: string }): Promise<Element> {
  return await ask(session, element('query', DISCO_INFO, { node }), to)
}

/** Undefined where it refuses, says nothing, or is not there. */
async function askInfoIfAny(session: LiveSession, to?: string): Promise<Element | undefined> {
  return await askInfo(session, to === undefined ? {} : { to }).catch(unlessRefused)
}

async function ask(session: LiveSession, payload: Element, to?: string): Promise<Element> {
  const answer = await session.iq({ type: 'get', payload, ...(to === undefined ? {} : { to }) }, ASK_WITHIN)
  return child(answer, 'query', payload.xmlns) ?? payload
}

function unlessRefused(thrown: unknown): undefined {
  if (!isRefusal(thrown)) throw thrown
}

export function featuresOf(info: Element | undefined): string[] {
  return elements(info ?? element('query', DISCO_INFO)).flatMap(({ name, attributes }) =>
    name === 'feature' ? (attributes.var ?? []) : [],
  )
}

/** Has it such an identity? */
export const isOf = (info: Element, category: string, type?: string): boolean =>
  elements(info).some(
    ({ name, attributes }) => name === 'identity' && attributes.category === category && (type === undefined || attributes.type === type),
  )

/** What the account finds at home. */
export interface Home {
  /** features of its server and of the account itself */
  features: readonly string[]
  pep: boolean
  upload?: { service: string; maxSize?: number }
  rooms?: { service: string }
}

/** Finds out what the account has at home; it is remembered for some minutes. Rejects where nobody can be asked now. */
export type FindHome = (session: LiveSession) => Promise<Home>

export function createFindHome(): FindHome & { forget(session: LiveSession): void } {
  const known = new WeakMap<LiveSession, { until: number; home: Promise<Home> }>()

  const find = async (session: LiveSession) => {
    const found = known.get(session)
    if (found && found.until > Date.now()) return await found.home
    const home = lookAround(session)
    known.set(session, { until: Date.now() + AGE, home })
    try {
      return await home
    } catch (error) {
      known.delete(session)
      throw error
    }
  }
  return Object.assign(find, { forget: (session: LiveSession) => void known.delete(session) })
}

async function lookAround(session: LiveSession): Promise<Home> {
  const domain = domainOf(session.record.jid)
  const [own, account, items] = await Promise.all([
    askInfoIfAny(session, domain),
    askInfoIfAny(session),
    ask(session, element('query', DISCO_ITEMS), domain).catch(unlessRefused),
  ])
  const addresses = elements(items ?? element('query', DISCO_ITEMS)).flatMap(({ attributes: { jid, node } }) =>
    jid !== undefined && node === undefined ? jid : [],
  )
  const services = await Promise.all(
    addresses
      .slice(0, SERVICES_MAX)
      .map(async (service) => ({ service, info: await askInfoIfAny(session, service).catch(unlessMalformed) })),
  )
  const all = [...services, { service: domain, info: own }].flatMap(({ service, info }) => (info ? [{ service, info }] : []))
  const upload = all.find(({ info }) => featuresOf(info).includes(UPLOAD))
  const rooms = all.find(({ info }) => isOf(info, 'conference', 'text') && featuresOf(info).includes(MUC))
  const maxSize = upload && maxSizeOf(upload.info)
  return {
    features: [...featuresOf(own), ...featuresOf(account)],
    pep: account !== undefined && isOf(account, 'pubsub', 'pep'),
    ...(upload && { upload: { service: upload.service, ...(maxSize !== undefined && { maxSize }) } }),
    ...(rooms && { rooms: { service: rooms.service } }),
  }
}

/** A service with an address that is none is none. */
function unlessMalformed(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || thrown.code !== 'jid-malformed') throw thrown
}

/** Of the form of an upload service (XEP-0363 section 4). */
function maxSizeOf(info: Element): number | undefined {
  const fields = elements(info).flatMap((form) => (form.name === 'x' && form.xmlns === DATA_FORM ? elements(form) : []))
  const field = fields.find(({ attributes }) => attributes.var === 'max-file-size')
  const size = Number((field && childText(field, 'value')) || Number.NaN)
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined
}
