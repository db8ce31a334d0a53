/** Looks whether Redis is fit for a gateway: at the start, and whenever it is back. */
import { setTimeout as delay } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'
import { Problem } from '../../errors/problem.ts'
import type { Log } from '../../gateway/ports/log.ts'
import type { RedisAddress } from './address.ts'
import { examine, examineSubscriber, type Finding } from './fitness.ts'

/** ms between looks at one that is not fit: at the start as long as it may take to be there, and later */
const AGAIN = 250
const LATER = 1_000
/** seconds, told to callers */
const RETRY_AFTER = 10

export interface Examination {
  /** Rejects with the problem store-unavailable where Redis cannot be used, once that has not changed for `ms`. Tells what it does not promise. */
  first(ms: number): Promise<void>
  /** it is back, and may be another one */
  again(): void
  /** throws the problem store-unavailable where it cannot be used, as far as is known */
  mustBeFit(): void
  stop(): void
}

export function createExamination({
  client,
  subscriber,
  address,
  description,
  waitReplicas,
  log,
}: {
  client: Redis | Cluster
  subscriber: Redis | Cluster
  address: RedisAddress
  description: string
  waitReplicas: number
  log: Log
}): Examination {
  const { kind, db } = address
  /** what is so now, as it was told */
  let known: readonly Finding[] = []
  let timer: NodeJS.Timeout | undefined
  let isLooking = false

  async function look(): Promise<Finding[]> {
    const nodes = client instanceof Cluster ? client.nodes('master') : [client]
    const looks = nodes.map((node) => examine(node, { kind, db, waitReplicas }))
    // what a Cluster subscribes to is seen when it does
    if (!(subscriber instanceof Cluster)) looks.push(examineSubscriber(subscriber))
    // one that does not answer says nothing of itself; that it does not is told elsewhere
    const answers = await Promise.allSettled(looks)
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    return [...new Map(found.map((finding) => [finding.message, finding])).values()]
  }

  function tell(found: readonly Finding[]): void {
    for (const { reason, message } of found)
      if (!known.some((one) => one.message === message))
        log.warn({ event: 'store-unfit', redis: description, reason }, `Redis at ${description} ${message}`)
    known = found
  }

  const unfit = (): Finding | undefined => known.find((finding) => finding.unfit)

  async function lookAgain(): Promise<void> {
    isLooking = true
    tell(await look())
    isLooking = false
    clearTimeout(timer)
    if (unfit()) timer = setTimeout(again, LATER).unref()
  }

  function again(): void {
    if (!isLooking) void lookAgain()
  }

  function mustBeFit(): void {
    const finding = unfit()
    if (finding === undefined) return
    throw new Problem('store-unavailable', `Redis at ${description} ${finding.message}.`, { retryAfter: RETRY_AFTER })
  }

  return {
    async first(ms) {
      const deadline = performance.now() + ms
      let found = await look()
      // a replica may be about to be the master
      while (found.some(({ reason }) => reason === 'role') && performance.now() < deadline) {
        await delay(AGAIN)
        found = await look()
      }
      if (found.some((finding) => finding.unfit)) {
        known = found
        mustBeFit()
      }
      tell(found)
    },
    again,
    mustBeFit,
    stop: () => clearTimeout(timer),
  }
}
