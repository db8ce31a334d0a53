/** What somebody can do, in words. Runs on the owner. */
import { Problem } from '../../errors/problem.ts'
import { presences } from '../../gateway/contract/roster-and-presence.ts'
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { isRefusal } from '../../gateway/session/iq-correlator.ts'
import { isBare, jid as normalised } from '../../jid.ts'
import { BLOCKING, CAPS2, CHAT_MARKERS, CORRECTION, MAM, PUBSUB, PUSH, REACTIONS, RECEIPTS } from '../../protocol/namespaces.ts'
import type { Element } from '../../xml/element.ts'
import { askInfo, type FindHome, featuresOf, type Home, isOf } from '../discovery.ts'
import { caps2Hash, capsHash, isKnownAlgorithm } from './caps-hash.ts'
import type { KnownCaps } from './known-caps.ts'

/** resources of a contact that are looked at */
const RESOURCES_MAX = 10

/** what clients may be able to do with messages */
const ofClients = { receipts: RECEIPTS, markers: CHAT_MARKERS, reactions: REACTIONS, corrections: CORRECTION } as const

type ClientWord = keyof typeof ofClients
const clientWords = Object.keys(ofClients) as ClientWord[]

export type Capabilities = Record<ClientWord | 'pubsub' | 'archive' | 'blocking' | 'push' | 'bookmarks' | 'mds', boolean> &
  Pick<Home, 'upload' | 'rooms'> & {
    jid: string
    /** of a contact: what all of its clients that are online can do */
    everywhere?: string[]
    encryption: 'not by the gateway'
  }

/** Without `jid`: of the own account, and what its server has for it. */
export const readCapabilities = defineCommand<{ jid?: string }, Capabilities>({ name: 'disco.capabilities' })

export function capabilities({ supported, findHome, known }: { supported: readonly string[]; findHome: FindHome; known: KnownCaps }) {
  async function own(session: LiveSession): Promise<Capabilities> {
    const { features, pep, ...services } = await findHome(session)
    return { ...words(session.record.jid, [...supported, ...features], pep), ...services }
  }

  async function ofOther(session: LiveSession, to: string): Promise<Capabilities> {
    if (!isBare(to)) return words(to, await featuresOfClient(session, to))
    const info = await askInfo(session, { to }).catch((error: unknown) => {
      if (!isRefusal(error)) throw error
      return error
    })
    const isRoom = !(info instanceof Problem) && isOf(info, 'conference')
    const resources = isRoom ? [] : session.state.ofAccount(presences, to).slice(0, RESOURCES_MAX)
    if (info instanceof Problem && resources.length === 0) throw info
    const account = info instanceof Problem ? undefined : info
    const clients = await Promise.all(resources.map((resource) => featuresOfClient(session, resource).catch(unlessRefused)))
    const told = words(to, [...featuresOf(account), ...clients.flat()], account !== undefined && isOf(account, 'pubsub', 'pep'))
    if (clients.length === 0) return told
    return { ...told, everywhere: clientWords.filter((word) => clients.every((features) => features.includes(ofClients[word]))) }
  }

  /** By the hash that its presence tells, where that is known or proves true; else as it says itself. */
  async function featuresOfClient(session: LiveSession, to: string): Promise<readonly string[]> {
    const told = hashesOf(session, to)
    for (const { key } of told) {
      const features = known.get(key)
      if (features) return features
    }
    const [best] = told
    if (best === undefined) return featuresOf(await askInfo(session, { to }))
    const info = await askInfo(session, { to, node: best.node })
    const features = featuresOf(info)
    if (best.isTrue(info)) known.put(best.key, features)
    return features
  }

  return readCapabilities.by(async (session, { jid }) =>
    jid === undefined ? await own(session) : await ofOther(session, normalised(jid, 'query.jid')),
  )
}

interface Told {
  /** under which it is remembered */
  key: string
  node: string
  isTrue(info: Element): boolean
}

/** What a client's presence says that its features come to, the best hash first. */
function hashesOf(session: LiveSession, to: string): Told[] {
  const presence = session.state.get(presences, to) as
    | { caps?: Partial<Record<'algorithm' | 'node' | 'value', string>>; caps2?: { hashes?: { algorithm?: string; value?: string }[] } }
    | undefined
  const told: Told[] = []
  for (const { algorithm = '', value = '' } of presence?.caps2?.hashes ?? []) {
    if (!isKnownAlgorithm(algorithm) || value === '') continue
    const node = `${CAPS2}#${algorithm}.${value}`
    told.push({ key: node, node, isTrue: (info) => caps2Hash(info, algorithm) === value })
  }
  const { algorithm = '', node = '', value = '' } = presence?.caps ?? {}
  if (isKnownAlgorithm(algorithm) && value !== '')
    told.push({ key: `${algorithm} ${value}`, node: `${node}#${value}`, isTrue: (info) => capsHash(info, algorithm) === value })
  return told
}

function words(jid: string, features: readonly string[], pep = false): Capabilities {
  const has = (feature: string) => features.includes(feature)
  const keepsPrivate = pep && has(`${PUBSUB}#publish-options`)
  return {
    jid,
    receipts: has(RECEIPTS),
    markers: has(CHAT_MARKERS),
    reactions: has(REACTIONS),
    corrections: has(CORRECTION),
    pubsub: pep || has(PUBSUB) || has(`${PUBSUB}#publish`),
    archive: has(MAM),
    blocking: has(BLOCKING),
    push: has(PUSH),
    bookmarks: keepsPrivate,
    mds: keepsPrivate,
    encryption: 'not by the gateway',
  }
}

function unlessRefused(thrown: unknown): readonly string[] {
  if (!isRefusal(thrown)) throw thrown
  return []
}
