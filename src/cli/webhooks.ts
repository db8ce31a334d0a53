import { Option } from 'commander'
import type { Webhook, WebhookDelivery, WebhookReplay } from '../client/client.ts'
import { type AddCommand, everyItem, PROBLEM, USAGE } from './cli.ts'
import { type Column, jsonText } from './output.ts'

const columns: Column<Webhook>[] = [
  ['ID', ({ id }) => id],
  ['URL', ({ url }) => url],
  ['TYPES', ({ types }) => types.join(',')],
  ['STATE', ({ state, reason }) => (reason ? `${state}: ${reason}` : state)],
  ['BEHIND', ({ cursorLag }) => cursorLag.events],
]

const deliveries: Column<WebhookDelivery>[] = [
  ['ID', ({ id }) => id],
  ['TYPE', ({ event }) => event.type],
  ['STATE', ({ state }) => state],
  ['TRIES', ({ attempts }) => attempts.length],
  ['LAST', ({ attempts }) => attempts.at(-1)?.status ?? attempts.at(-1)?.error],
  ['NEXT', ({ nextTry }) => nextTry],
]

export const addWebhooks: AddCommand = (program, cli) => {
  const webhooks = program
    .command('webhooks')
    .description('list the webhooks; make, try or remove one, see and repeat its deliveries')
    .action(async () => cli.table(await everyItem((after) => cli.client().webhooks.list({ limit: 100, ...after })), columns))
  const one = (name: string, description: string) => webhooks.command(name).description(description).argument('<id>', 'id of the webhook')

  webhooks
    .command('create')
    .description('deliver events to a URL; of one session with --session, else of all')
    .argument('<url>', 'where to')
    .option('--types <types>', 'which, with commas; * is all that are kept', '*')
    .addOption(new Option('--ordering <ordering>', 'one after the other, or several at once').choices(['strict', 'relaxed']))
    .action(async (url: string, { types, ordering }) => {
      const [first = '*', ...others] = types.split(',')
      const made = await cli.client().webhooks.create({ ...cli.session(), url, types: [first, ...others], ...(ordering && { ordering }) })
      cli.result(made, `${made.id}  ${made.secret}`)
    })

  one('show', 'show a webhook').action(async (id: string) => {
    const webhook = await cli.client().webhooks.get({ id })
    cli.result(webhook, jsonText(webhook))
  })

  one('enable', 'go on from where it was').action(async (id: string) => {
    const webhook = await cli.client().webhooks.update({ id, state: 'enabled' })
    cli.result(webhook, `${webhook.id}  ${webhook.state}`)
  })

  one('remove', 'remove a webhook').action(async (id: string) => {
    await cli.client().webhooks.remove({ id })
    cli.result({ id, removed: true }, `${id} is removed`)
  })

  one('rotate', 'make another secret; the old one signs too for a day').action(async (id: string) => {
    const rotated = await cli.client().webhooks.rotate({ id })
    cli.result(rotated, rotated.secret)
  })

  one('test', 'send an event to it now').action(async (id: string) => {
    const tried = await cli.client().webhooks.test({ id })
    const { delivered, status, error, ms } = tried
    cli.result(tried, `${delivered ? 'delivered' : 'not delivered'}  ${status ?? error ?? ''}  ${ms} ms`)
    if (!delivered) program.error('The consumer did not take it', { exitCode: PROBLEM })
  })

  one('deliveries', 'list what was delivered, newest first')
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'delivered', 'dead']))
    .action(async (id: string, { state }) => {
      const { data } = await cli.client().webhooks.deliveries({ id, limit: 100, ...(state && { state }) })
      cli.table(data, deliveries)
    })

  one('replay', 'deliver again: one delivery, all that are dead, or what came after an event of --session')
    .option('--delivery <id>', 'this one')
    .option('--dead', 'those that were given up')
    .option('--after <cursor>', 'what came after this event')
    .option('--until <cursor>', 'and up to this one')
    .action(async (id: string, { delivery, dead, after, until }) => {
      const { queued } = await cli.client().webhooks.replay({ id, ...replayOf({ delivery, dead, after, until }) })
      cli.result({ queued }, `${queued} queued`)
    })

  function replayOf({ delivery, dead, after, until }: { delivery?: string; dead?: true; after?: string; until?: string }): WebhookReplay {
    const { session } = cli.session()
    if (delivery !== undefined) return { delivery }
    if (dead) return { dead }
    if (after !== undefined && session !== undefined) return { session, after, ...(until !== undefined && { until }) }
    return program.error('Say which: --delivery, --dead, or --session and --after', { exitCode: USAGE })
  }
}
