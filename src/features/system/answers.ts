/** What the gateway answers for the account, so that others see a well-behaved client. */
import { elementOf } from '../../codec/alone.ts'
import { stanzaProblem } from '../../errors/problem.ts'
import { account, ownPresence } from '../../gateway/contract/account.ts'
import type { IqAnswer } from '../../gateway/contract/feature.ts'
import { contacts, isSubscriber } from '../../gateway/contract/roster-and-presence.ts'
import { accountOf } from '../../jid.ts'
import { DISCO_INFO, DISCO_ITEMS, LAST_ACTIVITY, PING, SOFTWARE_VERSION, TIME } from '../../protocol/namespaces.ts'
import { idleFor } from '../../protocol/xep0012.ts'
import { discoItems } from '../../protocol/xep0030.ts'
import { softwareVersion } from '../../protocol/xep0092.ts'
import { entityTime } from '../../protocol/xep0202.ts'
import { version } from '../../version.ts'
import { child } from '../../xml/element.ts'
import { discoInfo, NODE, shownBy, verification } from '../own-capabilities.ts'

/** namespaces that are answered here */
export const answered = [DISCO_INFO, DISCO_ITEMS, PING, SOFTWARE_VERSION, TIME, LAST_ACTIVITY]

export function systemAnswers(supported: readonly string[]): IqAnswer[] {
  const info: IqAnswer = {
    type: 'get',
    name: 'query',
    xmlns: DISCO_INFO,
    answer(iq, session) {
      const node = child(iq, 'query', DISCO_INFO)?.attributes.node
      const features = [...supported, ...shownBy(session.record)]
      if (node !== undefined && node !== `${NODE}#${verification(features)}`) {
        throw stanzaProblem({ type: 'cancel', condition: 'item-not-found' })
      }
      return { payload: discoInfo(features, node) }
    },
  }

  const items: IqAnswer = {
    type: 'get',
    name: 'query',
    xmlns: DISCO_ITEMS,
    answer(iq) {
      const node = child(iq, 'query', DISCO_ITEMS)?.attributes.node
      return { payload: elementOf(discoItems, { ...(node === undefined ? {} : { node }), items: [] }) }
    },
  }

  const ping: IqAnswer = { type: 'get', name: 'ping', xmlns: PING, answer: () => ({}) }

  const software: IqAnswer = {
    type: 'get',
    name: 'query',
    xmlns: SOFTWARE_VERSION,
    answer: () => ({ payload: elementOf(softwareVersion, { name: 'stanzagate', version }) }),
  }

  const time: IqAnswer = {
    type: 'get',
    name: 'time',
    xmlns: TIME,
    answer: () => ({ payload: elementOf(entityTime, { zone: '+00:00', utc: new Date().toISOString().replace(/\.\d+Z$/, 'Z') }) }),
  }

  /** Seconds since the own presence was set; for those alone who may see it (XEP-0012 section 6). */
  const last: IqAnswer = {
    type: 'get',
    name: 'query',
    xmlns: LAST_ACTIVITY,
    answer(iq, session) {
      const from = iq.attributes.from ?? session.record.jid
      const maySee = accountOf(from) === session.record.jid || isSubscriber(session.state.get(contacts, accountOf(from)))
      if (!maySee) throw stanzaProblem({ type: 'auth', condition: 'forbidden' })
      const { since } = ownPresence.of(session.state.all(account)) ?? { since: session.record.createdAt }
      const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000))
      return { payload: elementOf(idleFor, { seconds }) }
    },
  }

  return [info, items, ping, software, time, last]
}
