/** The instances that are there, in Redis. */
import type { Member } from '../../gateway/ports/change.ts'
import type { Store } from '../../gateway/ports/store.ts'
import type { Connection } from './connection.ts'
import { memberPlaces } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** How a load is written that is none: the instance is leaving. Builds that read packed events write all others with a fraction. */
const LEAVING = '-'

type Answer = (string | number)[]

/**
 * On a Cluster the same is said in several places, evenly over the slots, and what a majority of them says is true: where one master
 * is away, only its own sessions are. A name is gone once it is gone from a majority, and nothing ever brings it back to one: it is only
 * written again to the others while a majority has it.
 */
export function createMembers({ connection, scripts }: { connection: Connection; scripts: Scripts }): {
  instances: Store['instances']
  /** Do all that are there read packed events? */
  packs(): boolean
} {
  /** names that were seen to */
  const reading = new Set<string>()
  let packs = false
  const places = connection.cluster ? memberPlaces : memberPlaces.slice(0, 1)
  const majority = Math.floor(places.length / 2) + 1

  async function ask(owner: string, ttl: number, load: Member['load'], anew: boolean): Promise<Map<string, Member>> {
    const say = async (place: string, isNew: boolean) =>
      read(await scripts.members<Answer>([place], [owner, ttl, load?.toFixed(1) ?? LEAVING, isNew ? '1' : '']))
    const seen = await everywhere(async (place) => ({ place, members: await say(place, anew) }))
    const found = new Map<string, Member>()
    for (const name of new Set(seen.flatMap(({ members }) => [...members.keys()]))) {
      const told = seen.map(({ members }) => members.get(name)).filter((member) => member !== undefined)
      const isThere = name === owner ? told.length >= majority : seen.length - told.length < majority
      if (isThere) found.set(name, { load: told[0]!.load, left: Math.max(...told.map(({ left }) => left)) })
    }
    for (const name of reading) if (!found.has(name)) reading.delete(name)
    packs = found.size > 0 && found.size === reading.size
    // where it was lost meanwhile: on a master that was away for longer than that, or came back without its data
    const without = found.has(owner) ? seen.filter(({ members }) => !members.has(owner)) : []
    await Promise.allSettled(without.map(({ place }) => say(place, true)))
    return found
  }

  /** What a majority answers at least; else the problem of one that does not. */
  async function everywhere<Value>(run: (place: string) => Promise<Value>): Promise<Value[]> {
    const settled = await Promise.allSettled(places.map(run))
    const answers = settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value)
    if (answers.length >= majority) return answers
    throw settled.find((one) => one.status === 'rejected')!.reason
  }

  function read(answer: Answer): Map<string, Member> {
    const found = new Map<string, Member>()
    for (let index = 0; index < answer.length; index += 3) {
      const [name, load, left] = answer.slice(index, index + 3)
      if (String(load).includes('.')) reading.add(String(name))
      found.set(String(name), { load: load === LEAVING ? null : Number(load), left: Number(left) })
    }
    return found
  }

  return {
    packs: () => packs,
    instances: {
      beat: (owner, { ttl, load, anew = false }) => ask(owner, ttl, load, anew),
      list: () => ask('', 0, null, false),
      async leave(owner) {
        await everywhere((place) => connection.ask(() => connection.client.hdel(place, owner)))
      },
    },
  }
}
