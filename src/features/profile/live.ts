/** Reading and changing what somebody tells of themselves. Runs on the owner. */
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import type { FindHome } from '../discovery.ts'
import { changeCard, type Profile, readCard } from './card.ts'
import { vcard4, vcardTemp } from './formats.ts'
import { converts, isEmpty, nowhere, ownVcardTemp, readVcard4, readVcardTemp, writeVcard4, writeVcardTemp } from './stored.ts'

/** Without `jid`: the own one. */
export const readProfile = defineCommand<{ jid?: string }, Profile>({ name: 'profile.read' })

export const writeProfile = defineCommand<{ profile: Profile }>({ name: 'profile.write', changes: () => true })

/** One after the other for each session: a card is read, changed and written as a whole. */
export type InTurn = <Result>(session: LiveSession, run: () => Promise<Result>) => Promise<Result>

export function createInTurn(): InTurn {
  const last = new WeakMap<LiveSession, Promise<unknown>>()
  return async (session, run) => {
    const mine = (last.get(session) ?? Promise.resolve()).then(run, run)
    last.set(session, mine)
    return await mine
  }
}

export function profileCommands({ findHome, inTurn }: { findHome: FindHome; inTurn: InTurn }) {
  async function read(session: LiveSession, { jid }: { jid?: string }): Promise<Profile> {
    const card = await readVcard4(session, jid)
    if (card) return readCard(card, vcard4)
    if (jid !== undefined) return readCard(await readVcardTemp(session, jid), vcardTemp)
    const older = await ownVcardTemp(session)
    if (older === undefined && !(await findHome(session)).pep) throw nowhere('profile')
    return readCard(older ?? vcardTemp.empty, vcardTemp)
  }

  /**
   * Both forms are written where the server does not make one of the other. Where it does, the older one is left alone unless it is all
   * there is: servers make the newer one of it anew, without what they do not know.
   */
  async function write(session: LiveSession, { profile }: { profile: Profile }): Promise<void> {
    const [home, card, older] = [await findHome(session), await readVcard4(session), await ownVcardTemp(session)]
    const isOneForm = converts(home)
    const writesNew = card !== undefined || older === undefined || (isOneForm && isEmpty(older))
    if (writesNew) await writeVcard4(session, changeCard(card ?? vcard4.empty, profile, vcard4))
    if (older && !(writesNew && isOneForm)) await writeVcardTemp(session, changeCard(older, profile, vcardTemp))
  }

  return [readProfile.by(read), writeProfile.by((session, args) => inTurn(session, () => write(session, args)))]
}
