/** The scripts by name, ready to be called. */
import type { StoreLimits } from '../../gateway/ports.ts'
import type { Connection } from './connection.ts'
import * as reads from './scripts/reads.ts'
import * as sessions from './scripts/sessions.ts'
import * as writes from './scripts/writes.ts'

type Argument = string | number

/** The first keys are for the routing; what a script takes and answers is written above it. */
export type Script = <Answer>(keys: readonly string[], args: readonly Argument[]) => Promise<Answer>

/** what callers are promised to outlive a master waits for its replicas, where the operator asks for that */
const REPLICATED: readonly string[] = ['create', 'update', 'accept', 'commit']
/** ms that replicas are waited for */
const REPLICA_TIMEOUT = 500

export function createScripts({ connection, limits, waitReplicas }: { connection: Connection; limits: StoreLimits; waitReplicas: number }) {
  const publish = connection.cluster ? 'SPUBLISH' : 'PUBLISH'
  const { claim, confirm, create, persist, update, leave, list, addToken, acquire, renew, release } = sessions
  const { allState, begin, finish, replaceAnswer, releaseKey, putIq } = reads
  const sources = {
    ...{ claim, confirm, create, persist, update, leave, list, addToken, acquire, renew, release },
    ...{ allState, begin, finish, replaceAnswer, releaseKey, putIq },
    remove: sessions.remove(publish),
    accept: writes.accept(limits, publish),
    commit: writes.commit(limits, publish),
    getRecord: reads.getRecord(limits),
    readLog: reads.readLog(limits, publish),
  }
  const names = Object.keys(sources) as (keyof typeof sources)[]
  const scripts = names.map((name) => {
    connection.client.defineCommand(name, { lua: sources[name] })
    const replicas = REPLICATED.includes(name) ? waitReplicas : 0
    return [name, replicas === 0 ? script(connection, name) : replicatedScript(connection, name, replicas)] as const
  })
  return Object.fromEntries(scripts) as Record<keyof typeof sources, Script>
}

export type Scripts = ReturnType<typeof createScripts>

type Run = (count: number, keys: readonly string[], args: readonly Argument[]) => Promise<unknown>

function script({ client, ask }: Connection, name: string): Script {
  const run = Reflect.get(client, name) as Run
  return <Answer>(keys: readonly string[], args: readonly Argument[]) =>
    ask(() => run.call(client, keys.length, keys, args) as Promise<Answer>)
}

/** WAIT counts for the connection that wrote: both go in one pipeline. */
function replicatedScript({ client, ask }: Connection, name: string, replicas: number): Script {
  return async <Answer>(keys: readonly string[], args: readonly Argument[]) => {
    const pipeline = client.pipeline()
    const run = Reflect.get(pipeline, name) as Run
    run.call(pipeline, keys.length, keys, args)
    pipeline.call('wait', replicas, REPLICA_TIMEOUT)
    const [written] = await ask(async () => {
      const results = (await pipeline.exec()) ?? []
      const failed = results.find(([error]) => error !== null)?.[0]
      if (failed) throw failed
      if (Number(results[1]?.[1]) < replicas) throw new Error(`Fewer than ${replicas} replicas have the write.`)
      return results
    })
    return written?.[1] as Answer
  }
}
