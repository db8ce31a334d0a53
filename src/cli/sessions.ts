import type { Session } from '../client/client.ts'
import { type AddCommand, everyItem } from './cli.ts'
import { type Column, jsonText } from './output.ts'

const columns: Column<Session>[] = [
  ['ID', ({ id }) => id],
  ['JID', ({ jid }) => jid],
  ['STATE', ({ state }) => state],
  ['SINCE', ({ since }) => since],
  ['OUTBOX', ({ outbox }) => outbox.length],
  ['REASON', ({ reason }) => reason],
]

export const addSessions: AddCommand = (program, cli) => {
  const sessions = program
    .command('sessions')
    .description('list the sessions; open, show or close one')
    .action(async () => cli.table(await everyItem((after) => cli.client().sessions.list({ limit: 1000, ...after })), columns))

  sessions
    .command('open')
    .description('bring an account online, with its password in STANZAGATE_PASSWORD or on standard input')
    .argument('<jid>', 'bare JID')
    .option('--service <uri>', 'where its server is: xmpp://host:port, xmpps://…, wss://…')
    .option('--resource <resource>', 'resource to ask for')
    .action(async (jid: string, { service, resource }) => {
      const password = cli.env.STANZAGATE_PASSWORD ?? (await cli.input()).replace(/\r?\n$/, '')
      const opened = await cli.client().sessions.open({ jid, password, ...(service && { service }), ...(resource && { resource }) })
      // the token is for whoever asks for JSON: it opens the account
      cli.result(opened, `${opened.id}  ${opened.jid}  ${opened.state}`)
    })

  sessions
    .command('show')
    .description('show a session')
    .argument('<id>', 'id, bare or full JID')
    .action(async (id: string) => {
      const session = await cli.client().sessions.get({ id })
      cli.result(session, jsonText(session))
    })

  sessions
    .command('close')
    .description('end a session, and everything about it')
    .argument('<id>', 'id, bare or full JID')
    .option('--status <text>', 'goes into the unavailable presence')
    .action(async (id: string, { status }) => {
      await cli.client().sessions.close({ id, ...(status && { status }) })
      cli.result({ id, ended: true }, `${id} has ended`)
    })
}
