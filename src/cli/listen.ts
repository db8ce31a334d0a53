import { createHmac, randomBytes } from 'node:crypto'
import type { Event } from '../client/client.ts'
import { type AddCommand, USAGE } from './cli.ts'
import { eventLine } from './events.ts'
import { causeOf } from './failure.ts'

/** ms for one request, as webhooks have them */
const TRY_WITHIN = 15_000

/** Delivers events as a webhook would, from here: for a consumer that is being written and has no address of its own yet. */
export const addListen: AddCommand = (program, cli) => {
  program
    .command('listen')
    .description('deliver the events of a session to a URL of this machine, signed as a webhook signs them')
    .argument('<url>', 'where to: http://localhost:3000/hook')
    .option('--types <types>', 'only these, with commas: message.received,presence.*')
    .option('--after <cursor>', 'from this event on; 0 is the oldest kept. Default: from now on')
    .action(async (url: string, { types, after }) => {
      if (!URL.canParse(url) || !/^https?:/.test(url)) program.error(`${url} is no http or https URL`, { exitCode: USAGE })
      const key = randomBytes(32)
      const secret = `whsec_${key.toString('base64')}`
      cli.result({ secret }, `Signed with ${secret}`)
      const options = { ...cli.session(), ...(types && { types }), ...(after && { after }) }
      for await (const event of cli.client().events(options)) {
        const delivered = await deliver(url, key, event)
        cli.result(
          { event: { id: event.id, type: event.type }, ...delivered },
          `${delivered.status ?? delivered.error}  ${delivered.ms} ms  ${eventLine(event)}`,
        )
      }
    })
}

async function deliver(url: string, key: Buffer, event: Event): Promise<{ status?: number; error?: string; ms: number }> {
  const body = JSON.stringify(event)
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', key).update(`${event.id}.${timestamp}.${body}`).digest('base64')
  const started = performance.now()
  const ms = () => Math.round(performance.now() - started)
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': event.id,
        'webhook-timestamp': `${timestamp}`,
        'webhook-signature': `v1,${signature}`,
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(TRY_WITHIN),
    })
    await response.body?.cancel()
    return { status: response.status, ms: ms() }
  } catch (error) {
    return { error: causeOf(error), ms: ms() }
  }
}
