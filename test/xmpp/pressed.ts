/** Connections in a process of their own, so that its memory is theirs. Told what to open, it answers what came of it. */
import type { Element } from '../../src/xml/element.ts'
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
  /** the message that was too large came as its start tag, and the one after it as it is */
  went: string[]
  /** KiB, the most that the process ever held */
  peak: number
}

const isLast = ({ stanza }: { stanza: Element }) => isMessage('last')(stanza)

process.on('message', async ({ service, caFile, resource, stanzaLimit }: Told) => {
  const connector = connectorFor({ caFile }, { stanzaLimit, bounds: { wrapping: 0 } })
  const login = { jid: 'ada@localhost', password: 'secret', service }
  const good = follow(connector.open, { ...login, resource: 'good' })
  await good.online()
  const pressed = follow(connector.open, { ...login, resource, once: true })
  const ended = pressed.until(() => pressed.states.some(({ reason }) => reason !== null) || pressed.stanzas.some(isLast))
  // while it lasts, and after it, the other session hears what it says
  for (const id of ['during', 'after']) {
    good.connection.send(`<message id='${id}'/>`)
    await good.stanza(isMessage(id))
    await ended
  }
  const went = [
    ...pressed.stanzas.map(({ stanza }) => (stanza.cut ? 'cut' : (stanza.attributes.id ?? ''))),
    ...pressed.states.flatMap(({ reason }) => reason ?? []),
  ]
  await connector.close()
  process.send?.({ went, peak: process.resourceUsage().maxRSS } satisfies Answer)
})
