import type { Event, EventsOptions } from '../client/client.ts'
import type { AddCommand } from './cli.ts'
import { plain } from './output.ts'

/** what a person reads first of an event */
const telling = ['text', 'body', 'show', 'status', 'state', 'reason', 'detail']

/** One line: when, what, who, and what there is to read. */
export function eventLine({ time, type, subject, data }: Event): string {
  const members = data as unknown as Record<string, unknown>
  const text = telling.map((name) => members[name]).find((value) => typeof value === 'string' && value !== '')
  return plain([time, type, subject ?? '', text ?? ''].join('  ').trimEnd())
}

/** events of a page */
const LIMIT = 1000

export const addEvents: AddCommand = (program, cli) => {
  program
    .command('events')
    .description('list the events of a session that are kept, oldest first; with --follow what happens from now on')
    .option('--follow', 'go on as they happen')
    .option('--types <types>', 'only these, with commas: message.received,presence.*')
    .option('--after <cursor>', 'only what comes after this event; 0 is the oldest kept')
    .option('--consumer <name>', 'go on from the place of this consumer, and move it past what was written')
    .action(async ({ follow, types, after, consumer }) => {
      const options = { ...cli.session(), ...(types && { types }), ...(consumer && { consumer }) }
      const write = (event: Event) => cli.result(event, eventLine(event))
      if (follow) return await followEvents({ ...options, ...(after && { after }) }, write)
      let next: string | undefined = after
      for (;;) {
        const { data, page } = await cli.client().events.list({ ...options, limit: LIMIT, ...(next !== undefined && { after: next }) })
        for (const event of data) write(event)
        next = page.next
        if (consumer !== undefined) await cli.client().events.ack({ ...cli.session(), consumer, cursor: next })
        if (page.complete) return
      }
    })

  async function followEvents(options: EventsOptions, write: (event: Event) => void): Promise<void> {
    for await (const event of cli.client().events(options)) write(event)
  }
}
