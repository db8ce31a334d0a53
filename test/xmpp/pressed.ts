/** Connections in a process of their own, so that its memory is theirs. Told what to open, it answers how that ended. */
import { connectorFor, follow, isMessage } from './support.ts'

export interface Told {
  service: string
  caFile: string
  /** of the session that is under pressure: the server knows by it what to do */
  resource: string
  /** bytes of a stanza */
  stanzaLimit: number
}

export interface Answer {
  /** why the stream under pressure ended */
  reason: string | null
  /** KiB, the most that the process ever held */
  peak: number
}

process.on('message', async ({ service, caFile, resource, stanzaLimit }: Told) => {
  const connector = connectorFor({ caFile }, { stanzaLimit, bounds: { wrapping: 0 } })
  const login = { jid: 'ada@localhost', password: 'secret', service }
  const good = follow(connector.open, { ...login, resource: 'good' })
  await good.online()
  const pressed = follow(connector.open, { ...login, resource, once: true })
  const ended = pressed.until(() => pressed.states.find(({ reason }) => reason !== null))
  // while it lasts, and after it, the other session hears what it says
  for (const id of ['during', 'after']) {
    good.connection.send(`<message id='${id}'/>`)
    await good.stanza(isMessage(id))
    await ended
  }
  const { reason } = await ended
  await connector.close()
  process.send?.({ reason, peak: process.resourceUsage().maxRSS } satisfies Answer)
})
