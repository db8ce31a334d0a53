import type { Contact, Event, ResourcePresence } from '../client/client.ts'
import type { Account } from './account.ts'
import { bare } from './shown.ts'

const PAGE = 1_000

/** The contacts of a session, who of them is there, and who asks to be one. */
export interface People {
  readonly contacts: ReadonlyMap<string, Contact>
  /** who asked to see the presence of the account, without an answer yet */
  readonly requests: ReadonlySet<string>
  /** why the contacts could not be read */
  readonly problem: unknown
  load(): Promise<void>
  take(event: Event): void
  /** puts what the server answered in the place of what was known */
  put(contact: Contact): void
  remove(jid: string): void
  answered(jid: string): void
}

export function createPeople({ client }: Account, session: string, changed: () => void): People {
  const contacts = new Map<string, Contact>()
  const requests = new Set<string>()
  let problem: unknown
  /** what happens while the contacts are read: it may be newer than what is read */
  let meanwhile: Event[] | undefined

  function put(contact: Contact): void {
    const { presences = contacts.get(contact.jid)?.presences ?? [] } = contact
    contacts.set(contact.jid, { ...contact, presences })
    if (['from', 'both'].includes(contact.subscription)) requests.delete(contact.jid)
    changed()
  }

  /** A presence of one resource in the place of the one before. */
  function seen({ from, ...presence }: { from?: string; show?: string; status?: string; priority?: number }, isThere: boolean): void {
    const contact = from === undefined ? undefined : contacts.get(bare(from))
    if (contact === undefined || from === undefined) return
    const others = (contact.presences ?? []).filter(({ jid }) => jid !== from)
    const { show, status, priority = 0 } = presence
    const own: ResourcePresence = { jid: from, priority, ...(show && { show }), ...(status && { status }) }
    contacts.set(contact.jid, { ...contact, presences: isThere ? [...others, own] : others })
    changed()
  }

  function apply(event: Event): void {
    if (event.type === 'roster.updated') put(event.data)
    if (event.type === 'roster.removed') contacts.delete(event.data.jid)
    if (event.type === 'presence.available') seen(event.data, true)
    if (event.type === 'presence.unavailable') seen(event.data, false)
    if (event.type === 'subscription.requested' && event.data.from) requests.add(bare(event.data.from))
    if (event.type.startsWith('roster.') || event.type.startsWith('subscription.')) changed()
  }

  return {
    contacts,
    requests,
    get problem() {
      return problem
    },
    async load() {
      meanwhile = []
      try {
        const found: Contact[] = []
        for (let after: string | undefined; ; ) {
          const { data, page } = await client.roster.get({ session, limit: PAGE, ...(after !== undefined && { after }) })
          found.push(...data)
          after = page.next
          if (page.complete || after === undefined) break
        }
        contacts.clear()
        for (const contact of found) put(contact)
        for (const event of meanwhile) apply(event)
        problem = undefined
      } catch (error) {
        problem = error
      }
      meanwhile = undefined
      changed()
    },
    take(event) {
      meanwhile?.push(event)
      apply(event)
    },
    put,
    remove(jid) {
      contacts.delete(jid)
      changed()
    },
    answered(jid) {
      requests.delete(jid)
      changed()
    },
  }
}

/** What a contact shows: of several resources the one with the highest priority. */
export function showOf({ presences = [] }: Contact): { show: string; status?: string } {
  const best = presences.toSorted((one, other) => other.priority - one.priority)[0]
  if (best === undefined) return { show: 'offline' }
  return { show: best.show ?? 'online', ...(best.status !== undefined && { status: best.status }) }
}
