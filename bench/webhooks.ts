/** What a delivered event costs, beside undici alone. */
import { startChild } from './child.ts'
import { type Measured, measure } from './measure.ts'
import type { Place } from './measurements.ts'

/** requests under way, as of a webhook of one session */
const AT_ONCE = 16

/** The oldest events of a session that has at least so many, sent to one webhook. */
export async function deliveries({ gateway, processes, commands }: Place, session: string, count: number): Promise<Measured> {
  const consumer = startChild('consumer', {})
  try {
    const port = await consumer.hear('ready')
    const run = async (total: number) => {
      const armed = consumer.hear('armed')
      consumer.tell({ expect: total })
      await armed
      const arrived = consumer.hear('arrived')
      const body = { url: `http://127.0.0.1:${port}/`, types: ['message.received'], session, after: '0' }
      const made = await gateway.api('POST', '/webhooks', { body })
      if (made.status !== 201) throw new Error(made.text)
      await arrived
      await gateway.api('DELETE', `/webhooks/${made.body.id}`)
      return total
    }
    await run(500)
    return await measure(processes, () => run(count), commands)
  } finally {
    await consumer.stop()
  }
}

/** The same body, by undici alone. */
export async function barePosting(event: unknown, count: number): Promise<Measured> {
  const consumer = startChild('consumer', {})
  try {
    const port = await consumer.hear('ready')
    const headers = { 'content-type': 'application/cloudevents+json' }
    const sender = startChild('bare-undici', { url: `http://127.0.0.1:${port}/`, body: JSON.stringify(event), headers, at: AT_ONCE })
    try {
      await sender.hear('ready')
      const run = async (total: number) => {
        const posted = sender.hear('posted')
        sender.tell({ post: total })
        await posted
        return total
      }
      await run(500)
      return await measure({ undici: sender.pid }, () => run(count))
    } finally {
      await sender.stop()
    }
  } finally {
    await consumer.stop()
  }
}
