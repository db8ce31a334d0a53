/** The scripts by name, ready to be called. */
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import type { Connection } from './connection.ts'
import { sessionKey } from './keys.ts'
import { listConsumers, useConsumer } from './scripts/consumers.ts'
import * as kept from './scripts/kept.ts'
import { readLog } from './scripts/log.ts'
import { logSince } from './scripts/log-since.ts'
import { members } from './scripts/members.ts'
import type { ScriptOptions, SessionScript } from './scripts/prelude.ts'
import * as sessions from './scripts/sessions.ts'
import * as tenants from './scripts/tenants.ts'
import { tidy } from './scripts/tidy.ts'
import * as webhooks from './scripts/webhooks.ts'
import * as writes from './scripts/writes.ts'

export type Argument = string | number

/** `more`: keys after those that the script names. What it takes and answers is written above it. */
export type OnSession = <Answer>(session: string, args: readonly Argument[], more?: readonly string[]) => Promise<Answer>
export type OnKeys = <Answer>(keys: readonly string[], args: readonly Argument[]) => Promise<Answer>

/** what callers are promised to outlive a master waits for its replicas, where the operator asks for that */
const REPLICATED: readonly string[] = [
  ...['create', 'confirm', 'persist', 'restore', 'update', 'addToken', 'leave', 'remove'],
  ...['accept', 'choose', 'commit', 'finish', 'replaceAnswer', 'useConsumer'],
  ...['createWebhook', 'updateWebhook', 'removeWebhook'],
]
/** ms that replicas are waited for */
const REPLICA_TIMEOUT = 500

interface ScriptsOptions {
  connection: Connection
  limits: StoreLimits
  /** how many have to have it */
  waitReplicas: number
  metrics: Metrics | undefined
}

export function createScripts({ connection, limits, waitReplicas, metrics }: ScriptsOptions) {
  const options: ScriptOptions = { limits, publish: connection.cluster ? 'SPUBLISH' : 'PUBLISH' }
  const { create, persist, update, now, addToken, acquire, release, readState } = sessions
  const { begin, replaceAnswer, releaseKey, getIq } = kept
  const onSession = {
    ...{ create, persist, update, now, addToken, acquire, release, readState },
    ...{ begin, replaceAnswer, releaseKey, getIq },
    remove: sessions.remove(options),
    restore: sessions.restore(options),
    accept: writes.accept(options),
    commit: writes.commit(options),
    readLog: readLog(options),
    getRecord: kept.getRecord(options),
    finish: kept.finish(options),
    tidy: tidy(options),
    useConsumer: useConsumer(options),
    listConsumers: listConsumers(options),
    logSince,
  }
  const { claim, confirm, leave, list, choose } = tenants
  const { createWebhook, updateWebhook, removeWebhook, failWebhook, tellWebhook, probed } = webhooks

  function define(name: string, lua: string): OnKeys {
    connection.client.defineCommand(name, { lua })
    const run = REPLICATED.includes(name) && waitReplicas > 0 ? replicated(connection, name, waitReplicas) : plain(connection, name)
    return metrics === undefined ? run : timed(run, name, metrics)
  }
  function defineOnSession(name: string, { keys, lua }: SessionScript): OnSession {
    const run = define(name, lua)
    return (session, args, more = []) => run([...keys.map((noun) => sessionKey(noun, session)), ...more], args)
  }
  return {
    ...mapValues(onSession, defineOnSession),
    ...mapValues({ claim, confirm, leave, list, choose, members }, define),
    ...mapValues({ createWebhook, updateWebhook, removeWebhook, failWebhook, tellWebhook, probed }, define),
  }
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

function mapValues<Key extends string, From, To>(from: Record<Key, From>, map: (name: string, value: From) => To): Record<Key, To> {
  return Object.fromEntries(Object.entries<From>(from).map(([name, value]) => [name, map(name, value)])) as Record<Key, To>
}
