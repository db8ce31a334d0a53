import { createPlaces } from '../../fair/places.ts'
import type { Turns } from '../../fair/turns.ts'
import type { KindBound, StateKinds } from '../contract/state-kind.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import type { Share } from '../session/memory-share.ts'
import { createMirror, type Mirror } from '../session/mirror.ts'

/** sessions of a process whose state is read at one time: of each there is one piece that is not within the room for what is remembered */
const READ_AT_ONCE = 8

type Whose = Pick<SessionRecord, 'id' | 'tenant'>
type OnFull = (bound: KindBound, spared: boolean) => void

/** What a session knew, as its next owner has it. */
export interface TakenUp {
  mirror: Mirror
  /** nothing was known */
  isEmpty: boolean
  /** From now on it is told what had to go since it was too much; at once of what had to already. */
  heed(onFull: OnFull): void
}

/** Reads what sessions know, each within its bounds from the first piece on, and in turns with everything else. */
export function createTakeUp({
  store,
  kinds,
  share,
  turns,
}: {
  store: Pick<Store, 'state' | 'commit'>
  kinds: StateKinds
  share: () => Share
  turns: Pick<Turns, 'wait'>
}): (record: Whose, fence: string) => Promise<TakenUp> {
  // what spares some has to know which
  const last = [...kinds.values()].filter(({ spares }) => spares !== undefined).map(({ name }) => name)
  const places = createPlaces({ most: READ_AT_ONCE, each: READ_AT_ONCE })

  async function read({ id, tenant }: Whose, fence: string): Promise<TakenUp> {
    const known = new Map<string, Map<string, unknown>>()
    const full: Parameters<OnFull>[] = []
    let onFull: OnFull = (...what) => full.push(what)
    const mirror = createMirror(known, { kinds, share: share(), onFull: (...what) => onFull(...what) })
    try {
      for await (const piece of store.state.pieces(id, { last, mirror: known })) {
        const wait = turns.wait(tenant)
        if (wait) await wait
        const gone = mirror.load(piece)
        if (gone.length > 0) await store.commit(id, fence, { state: gone })
      }
    } catch (error) {
      mirror.close()
      throw error
    }
    return {
      mirror,
      isEmpty: known.size === 0,
      heed(next) {
        onFull = next
        for (const what of full.splice(0)) next(...what)
      },
    }
  }

  return async (record, fence) => {
    const leave = await places.take(record.tenant)
    try {
      return await read(record, fence)
    } finally {
      leave()
    }
  }
}
