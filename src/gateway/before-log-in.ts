import { readError } from '../codec/stanza-error.ts'
import { stanzaProblem } from '../errors/problem.ts'
import { child, elements } from '../xml/element.ts'
import type { Sessions } from './contract/session.ts'
import type { Connector } from './ports/connection.ts'

/** Questions to a server before any log-in, and the payloads of its answers; an error becomes its problem. */
export const createBeforeLogIn =
  ({ beforeLogIn }: Pick<Connector, 'beforeLogIn'>): Sessions['beforeLogIn'] =>
  (server, work, options) =>
    beforeLogIn(
      server,
      ({ features, ask }) =>
        work({
          features,
          async ask(type, payload) {
            const answer = await ask(type, payload)
            if (answer.attributes.type === 'error') throw stanzaProblem(readError(child(answer, 'error')))
            return elements(answer)[0]
          },
        }),
      options,
    )
