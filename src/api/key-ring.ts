/** The keys that callers made, as they are now. */
import { z } from 'zod'
import { tokenHash } from '../gateway/ids.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { KeyRecord } from '../gateway/ports/key.ts'
import type { Store } from '../gateway/ports/store.ts'

/** ms that what was read of a key is good without a word that it was changed */
const FRESH = 1_000
/** ms between looks whether tokens are still good that streams are open with */
const LOOK = 1_000
/** keys that are remembered; where they come back they are read again */
const KNOWN_MAX = 10_000

const CHANNEL = 'keys'
const hint = z.object({ tenant: z.string(), id: z.string() })

export interface KeyRing {
  /** The key that is written so. Rejects with store-unavailable. */
  byText(key: string): Promise<KeyRecord | undefined>
  /** one that something was made by */
  byId(tenant: string, id: string): Promise<KeyRecord | undefined>
  /** Calls back once the key is gone or over, or may do something else; answers a stop. */
  watch(key: KeyRecord, ended: () => void): () => void
  /** … once that time is over (epoch ms) */
  watchTime(until: number, ended: () => void): () => void
  /** a key was changed: tells all instances */
  changed(tenant: string, id: string): void
  stop(): void
}

interface Known {
  readAt: number
  reading: Promise<KeyRecord | undefined>
}

export function createKeyRing({ store, clock }: { store: Pick<Store, 'keys' | 'bus'>; clock: Clock }): KeyRing {
  /** of keys that there were, by what they are written as (its hash) */
  const places = new Map<string, { tenant: string; id: string }>()
  /** by tenant and id */
  const known = new Map<string, Known>()
  const watched = new Set<{ ended: () => void; isGood: () => Promise<boolean> }>()
  let looks: NodeJS.Timeout | undefined

  const unsubscribe = store.bus.subscribe(CHANNEL, (heard) => {
    const { success, data } = hint.safeParse(heard)
    if (success) forget(data.tenant, data.id)
  })

  function forget(tenant: string, id: string): void {
    known.delete(placeOf(tenant, id))
    void look()
  }

  async function byId(tenant: string, id: string): Promise<KeyRecord | undefined> {
    const place = placeOf(tenant, id)
    const now = clock.monotonic()
    const last = known.get(place)
    const isFresh = last !== undefined && now - last.readAt < FRESH
    const reading = isFresh ? last.reading : store.keys.read(tenant, id, clock.now())
    if (!isFresh) {
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(place, { readAt: now, reading })
      // nobody is told for a second what could not be read now
      reading.catch(() => known.get(place)?.reading === reading && known.delete(place))
    }
    const key = await reading
    return key !== undefined && (key.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now() ? key : undefined
  }

  async function isSame({ tenant, id, ...before }: KeyRecord): Promise<boolean> {
    const now = await byId(tenant, id)
    return now !== undefined && rightsOf(now) === rightsOf(before)
  }

  async function look(): Promise<void> {
    await Promise.all(
      [...watched].map(async (one) => {
        try {
          if (!(await one.isGood()) && watched.delete(one)) one.ended()
        } catch {
          // while the store is away nobody knows; the next look will
        }
      }),
    )
  }

  function watch(ended: () => void, isGood: () => Promise<boolean>): () => void {
    const one = { ended, isGood }
    watched.add(one)
    looks ??= setInterval(() => void look(), LOOK).unref()
    return () => {
      watched.delete(one)
      if (watched.size > 0) return
      clearInterval(looks)
      looks = undefined
    }
  }

  return {
    byId,
    async byText(text) {
      const digest = tokenHash(text)
      const place = places.get(digest) ?? (await store.keys.find(digest))
      if (place === undefined) return undefined
      const key = await byId(place.tenant, place.id)
      if (key?.hash !== digest) {
        places.delete(digest)
        return undefined
      }
      if (places.size >= KNOWN_MAX) places.clear()
      places.set(digest, place)
      return key
    },
    watch: (key, ended) => watch(ended, () => isSame(key)),
    watchTime: (until, ended) => watch(ended, async () => clock.now() < until),
    changed(tenant, id) {
      known.delete(placeOf(tenant, id))
      // who does not hear it finds it within a second
      void store.bus.publish(CHANNEL, { tenant, id }).catch(() => {})
    },
    stop() {
      unsubscribe()
      clearInterval(looks)
      watched.clear()
    },
  }
}

const placeOf = (tenant: string, id: string) => `${tenant} ${id}`

const rightsOf = ({ scopes, sessions, recipients, expiresAt }: Omit<KeyRecord, 'tenant' | 'id'>) =>
  JSON.stringify([scopes, sessions, recipients, expiresAt])
