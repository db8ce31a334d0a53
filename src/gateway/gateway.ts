import { getHeapStatistics } from 'node:v8'
import type { Translator } from '../codec/translate.ts'
import { createTurns } from '../fair/turns.ts'
import { createRouter } from './cluster/router.ts'
import type { Feature } from './contract/feature.ts'
import type { Sessions } from './contract/session.ts'
import { byName } from './contract/state-kind.ts'
import { setGauges } from './gauges.ts'
import { createIqAnswers } from './inbound/iqs.ts'
import { createLargeAnswers } from './inbound/large-answers.ts'
import { createQuarantine } from './inbound/quarantine.ts'
import type { Clock } from './ports/clock.ts'
import type { Connector } from './ports/connection.ts'
import type { Log } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import type { Seal } from './ports/seal.ts'
import type { Store } from './ports/store.ts'
import type { Tracing } from './ports/tracing.ts'
import { createCommands } from './session/commands.ts'
import { coreKinds } from './session/core-kinds.ts'
import { createLive } from './session/live-session.ts'
import { createShares } from './session/memory-share.ts'
import { createSessions } from './sessions.ts'

/** ms of one turn of the event loop in which all sessions together may work on what comes in */
const INBOUND_TURN = 15
/** of the heap: for what sessions remember, as characters of JSON, which take two to three times as much memory */
const HEAP_PART = 8

export interface Gateway {
  sessions: Sessions
  /** sets the gauges of its sessions to what is true now */
  measure(): void
  start(): Promise<void>
  /** hands the sessions over; those of other instances can still be reached */
  leave(): Promise<void>
  stop(): Promise<void>
}

/** The core: sessions that live here, and the way to all of them. Knows neither HTTP nor Redis nor the XMPP library. */
export function createGateway({
  store,
  connector,
  seal,
  clock,
  vocabulary,
  features,
  ofComponents = [],
  instance,
  log,
  metrics,
  tracing,
}: {
  store: Store
  connector: Connector
  seal: Seal
  clock: Clock
  vocabulary: Translator
  features: readonly Feature[]
  /** those of components */
  ofComponents?: readonly Feature[]
  instance: string
  log: Log
  metrics: Metrics
  tracing: Tracing
}): Gateway {
  const large = createLargeAnswers({ metrics })
  const kinds = byName([...coreKinds, ...[...features, ...ofComponents].flatMap(({ keeps = [] }) => keeps)])
  const share = createShares({ total: getHeapStatistics().heap_size_limit / HEAP_PART, metrics })
  const turns = createTurns({ most: INBOUND_TURN })
  const quarantine = createQuarantine({ store, clock, kinds })
  const context = {
    ...{ turns, store, connector, clock, vocabulary, instance, log, metrics, tracing, seal, large, kinds, share, quarantine },
    ...{ accounts: tables(features), components: tables(ofComponents) },
  }
  const router = createRouter(context, createLive)
  const sessions = createSessions({ store, router, connector, seal, clock, tracing, instance })

  return { sessions, measure: () => setGauges({ router, clock, metrics }), start: router.start, leave: router.leave, stop: router.stop }
}

const tables = (features: readonly Feature[]) => ({ features, commands: createCommands(features), answers: createIqAnswers(features) })
