/** Avatars (XEP-0084, XEP-0153). Runs on the owner. */
import { createHash } from 'node:crypto'
import { avatarHash } from '../../gateway/contract/account.ts'
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { AVATAR_DATA, AVATAR_METADATA, VCARD_TEMP } from '../../protocol/namespaces.ts'
import { child, childText, type Element, element, elements, text } from '../../xml/element.ts'
import type { FindHome } from '../discovery.ts'
import { publish, readItem, unlessRefused } from '../pep.ts'
import type { InTurn } from './live.ts'
import { converts, nowhere, ownVcardTemp, readVcardTemp, writeVcardTemp } from './stored.ts'

export interface Picture {
  /** base64 */
  data: string
  /** SHA-1, in hex */
  id: string
}

/** Undefined where there is none. Without `jid`: the own one. */
export const readPicture = defineCommand<{ jid?: string }, { picture?: Picture }>({ name: 'avatar.read' })

/** Without `data` it is taken away. `isToldByPresence`: the own presence has to be sent again. */
export const writePicture = defineCommand<{ data?: string; mediaType?: string }, { id: string; isToldByPresence: boolean }>({
  name: 'avatar.write',
  changes: () => true,
})

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

export function pictureCommands({ findHome, inTurn }: { findHome: FindHome; inTurn: InTurn }) {
  async function read(session: LiveSession, { jid }: { jid?: string }): Promise<{ picture?: Picture }> {
    const metadata = await readItem(session, { node: AVATAR_METADATA, from: jid })
    const ids =
      metadata && elements(metadata).flatMap(({ name, attributes: { id, url } }) => (name === 'info' && id && url === undefined ? id : []))
    // an empty one says that there is none
    if (ids && ids.length === 0 && elements(metadata).length === 0) return {}
    for (const id of ids ?? []) {
      const item = await readItem(session, { node: AVATAR_DATA, id, from: jid })
      const picture = item && pictureOf(text(item))
      if (picture?.id === id.toLowerCase()) return { picture }
    }
    const card = jid === undefined ? await ownVcardTemp(session) : await readVcardTemp(session, jid).catch(unlessRefused)
    if (jid === undefined && card === undefined && !(await findHome(session)).pep) throw nowhere('avatar')
    const photo = card && child(card, 'PHOTO')
    const picture = photo && pictureOf(childText(photo, 'BINVAL') ?? '')
    return picture ? { picture } : {}
  }

  async function write(session: LiveSession, { data, mediaType }: { data?: string; mediaType?: string }) {
    const home = await findHome(session)
    const picture = data === undefined ? undefined : pictureOf(data)
    if (home.pep) await publishPicture(session, picture, mediaType)
    const older = home.pep && converts(home) ? undefined : await ownVcardTemp(session)
    if (!older && !home.pep) throw nowhere('avatar')
    if (!older) return { id: picture?.id ?? '', isToldByPresence: false }
    const rest = older.children.filter((node) => typeof node === 'string' || node.name !== 'PHOTO')
    await writeVcardTemp(session, { ...older, children: [...rest, ...(picture ? [photoOf(picture, mediaType)] : [])] })
    await session.commit({ state: [avatarHash.put(picture?.id ?? '')] })
    return { id: picture?.id ?? '', isToldByPresence: true }
  }

  return [readPicture.by(read), writePicture.by((session, args) => inTurn(session, () => write(session, args)))]
}

/** The data first: whoever hears of it has to find it (XEP-0084 section 3). */
async function publishPicture(session: LiveSession, picture: Picture | undefined, mediaType = ''): Promise<void> {
  if (!picture) return await publish(session, { node: AVATAR_METADATA, id: 'none', payload: element('metadata', AVATAR_METADATA) })
  const { id, data } = picture
  await publish(session, { node: AVATAR_DATA, id, payload: element('data', AVATAR_DATA, {}, [data]) })
  const info = element('info', AVATAR_METADATA, { id, bytes: String(Buffer.from(data, 'base64').length), type: mediaType })
  await publish(session, { node: AVATAR_METADATA, id, payload: element('metadata', AVATAR_METADATA, {}, [info]) })
}

const photoOf = ({ data }: Picture, mediaType = ''): Element =>
  element('PHOTO', VCARD_TEMP, {}, [element('TYPE', VCARD_TEMP, {}, [mediaType]), element('BINVAL', VCARD_TEMP, {}, [data])])

function pictureOf(base64: string): Picture | undefined {
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length === 0 ? undefined : { data: bytes.toString('base64'), id: sha1(bytes) }
}
