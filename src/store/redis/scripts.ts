/** The scripts of `scripts/*.lua`, ready to be called. The file of each has its name. */

import { AUDIT_AGE, AUDIT_MAX } from '../../gateway/ports/audit.ts'
import { IQ_AGE } from '../../gateway/ports/change.ts'
import { CONSUMERS_MAX } from '../../gateway/ports/consumer.ts'
import { COPIES_OF_KEY, WAYS_OF_COPY } from '../../gateway/ports/event.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import { DELIVERIES_AGE, DELIVERIES_MAX } from '../../gateway/ports/webhook.ts'
import { DRAIN_WINDOW } from '../drain.ts'
import { FENCES_PER_MS } from '../fence.ts'
import { READ_BYTES } from '../reading.ts'
import type { Connection } from './connection.ts'
import { type SessionNoun, sessionKey } from './keys.ts'
import { type Constants, readScript } from './lua.ts'

export type Argument = string | number

/** `more`: keys after those that the script names. What it takes and answers is written in its head. */
export type OnSession = <Answer>(session: string, args: readonly Argument[], more?: readonly string[]) => Promise<Answer>
export type OnKeys = <Answer>(keys: readonly string[], args: readonly Argument[]) => Promise<Answer>

/** what callers are promised to outlive a master waits for its replicas, where the operator asks for that */
const REPLICATED: readonly string[] = [
  ...['create', 'confirm', 'persist', 'restore', 'update', 'addToken', 'leave', 'remove'],
  ...['accept', 'choose', 'commit', 'finish', 'replaceAnswer', 'useConsumer'],
  ...['createRecord', 'updateRecord', 'removeWebhook', 'removeKey'],
]
/** ms that replicas are waited for */
const REPLICA_TIMEOUT = 500

/** On keys of one session, which their heads name. */
export const ON_SESSION = [
  ...(['create', 'persist', 'restore', 'update', 'remove', 'addToken', 'now', 'readState', 'acquire', 'release'] as const),
  ...(['accept', 'commit', 'readLog', 'getRecord', 'getIq', 'begin', 'finish', 'replaceAnswer', 'releaseKey', 'tidy'] as const),
  ...(['useConsumer', 'listConsumers', 'logSince'] as const),
]
const ON_KEYS = [
  ...(['claim', 'confirm', 'leave', 'list', 'choose', 'members'] as const),
  ...(['createRecord', 'updateRecord', 'removeWebhook', 'failWebhook', 'tellWebhook', 'probed'] as const),
  ...(['readKey', 'removeKey', 'takeRate', 'appendAudit'] as const),
]

/** kept entries that `tidy` drops at one time */
export const TIDIED = 500

/** What the scripts know by name; `publish`: on a Cluster channels are sharded like keys. */
const constants = (limits: StoreLimits, publish: 'PUBLISH' | 'SPUBLISH'): Constants => ({
  ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name.replace(/[A-Z]/g, '_$&').toUpperCase(), value])),
  ...{ CONSUMERS_MAX, COPIES_OF_KEY, DELIVERIES_AGE, DELIVERIES_MAX, DRAIN_WINDOW, FENCES_PER_MS, IQ_AGE },
  ...{ AUDIT_MAX, AUDIT_AGE, MAX_SESSIONS: limits.maxSessions ?? 0 },
  ...{ READ_BYTES, TIDIED, WAYS_OF_COPY },
  PUBLISH: publish,
})

interface ScriptsOptions {
  connection: Connection
  limits: StoreLimits
  /** how many have to have it */
  waitReplicas: number
  metrics: Metrics | undefined
}

export function createScripts({ connection, limits, waitReplicas, metrics }: ScriptsOptions) {
  const known = constants(limits, connection.cluster ? 'SPUBLISH' : 'PUBLISH')

  function define(name: string, lua: string): OnKeys {
    connection.client.defineCommand(name, { lua })
    const run = REPLICATED.includes(name) && waitReplicas > 0 ? replicated(connection, name, waitReplicas) : plain(connection, name)
    return metrics === undefined ? run : timed(run, name, metrics)
  }
  function defineOnKeys(name: string): OnKeys {
    return define(name, readScript(name, known).lua)
  }
  function defineOnSession(name: string): OnSession {
    const { keys, lua } = readScript(name, known)
    const nouns = keys as readonly SessionNoun[]
    const run = define(name, lua)
    return (session, args, more = []) => run([...nouns.map((noun) => sessionKey(noun, session)), ...more], args)
  }
  return { ...byName(ON_SESSION, defineOnSession), ...byName(ON_KEYS, defineOnKeys) }
}

export type Scripts = ReturnType<typeof createScripts>

type Run = (count: number, keys: readonly string[], args: readonly Argument[]) => Promise<unknown>

function plain({ client, ask }: Connection, name: string): OnKeys {
  const run = Reflect.get(client, name) as Run
  return <Answer>(keys: readonly string[], args: readonly Argument[]) =>
    ask(() => run.call(client, keys.length, keys, args) as Promise<Answer>)
}

/** WAIT counts for the connection that wrote: both go in one pipeline. */
function replicated({ client, ask }: Connection, name: string, replicas: number): OnKeys {
  return async <Answer>(keys: readonly string[], args: readonly Argument[]) => {
    const [written] = await ask(async () => {
      const pipeline = client.pipeline()
      const run = Reflect.get(pipeline, name) as Run
      run.call(pipeline, keys.length, keys, args)
      pipeline.call('wait', replicas, REPLICA_TIMEOUT)
      const results = (await pipeline.exec()) ?? []
      const failed = results.find(([error]) => error !== null)?.[0]
      if (failed) throw failed
      if (Number(results[1]?.[1]) < replicas) throw new Error(`Fewer than ${replicas} replicas have the write.`)
      return results
    })
    return written?.[1] as Answer
  }
}

function timed(run: OnKeys, command: string, metrics: Metrics): OnKeys {
  const labels = { command }
  return async (keys, args) => {
    const start = performance.now()
    try {
      return await run(keys, args)
    } finally {
      metrics.observe('redis_command_duration_seconds', (performance.now() - start) / 1000, labels)
    }
  }
}

function byName<Name extends string, Of>(names: readonly Name[], of: (name: Name) => Of): Record<Name, Of> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Of>
}
