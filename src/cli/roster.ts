import { Option } from 'commander'
import type { Contact, ContactPresence, ResourcePresence } from '../client/client.ts'
import { type AddCommand, everyItem } from './cli.ts'
import type { Column } from './output.ts'

const shown = ({ show = 'available', status }: ResourcePresence) => (status ? `${show}: ${status}` : show)
const presenceOf = (presences: readonly ResourcePresence[] = []) => presences.map(shown).join(', ') || 'offline'

const contacts: Column<Contact>[] = [
  ['JID', ({ jid }) => jid],
  ['NAME', ({ name }) => name],
  ['SUBSCRIPTION', ({ subscription, ask }) => (ask ? `${subscription} (asked)` : subscription)],
  ['GROUPS', ({ groups }) => groups.join(', ')],
  ['PRESENCE', ({ presences }) => presenceOf(presences)],
]

const presences: Column<ContactPresence>[] = [
  ['JID', ({ jid }) => jid],
  ['PRESENCE', (contact) => presenceOf(contact.presences)],
]

export const addRoster: AddCommand = (program, cli) => {
  program
    .command('roster')
    .description('list the contacts of a session')
    .action(async () =>
      cli.table(await everyItem((after) => cli.client().roster.get({ ...cli.session(), limit: 1000, ...after })), contacts),
    )
}

export const addPresence: AddCommand = (program, cli) => {
  program
    .command('presence')
    .description('show who is there; with an option, change the own presence')
    .argument('[jid]', 'one contact')
    .addOption(new Option('--show <show>', 'be this').choices(['available', 'away', 'chat', 'dnd', 'xa', 'unavailable']))
    .option('--status <text>', 'and say so')
    .addOption(new Option('--priority <number>', 'priority').argParser(Number))
    .action(async (jid: string | undefined, { show, status, priority }) => {
      const session = cli.session()
      if (show === 'unavailable') {
        await cli.client().presence.clear(session)
        return cli.result({ show }, 'unavailable')
      }
      if ([show, status, priority].some((given) => given !== undefined)) {
        const wanted = {
          ...(show && show !== 'available' && { show }),
          ...(status && { status }),
          ...(priority !== undefined && { priority }),
        }
        const own = await cli.client().presence.set({ ...session, ...wanted })
        return cli.result(own, shown({ ...own, jid: '', priority: 0 } as ResourcePresence))
      }
      const { presence } = cli.client()
      const found =
        jid === undefined
          ? await everyItem((after) => presence.list({ ...session, limit: 1000, ...after }))
          : [await presence.get({ ...session, jid })]
      cli.table(found, presences)
    })
}
