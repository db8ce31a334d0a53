/** The password of a room, and what an owner wishes of one that is not made yet: kept sealed. */
import type { Sealed, Secrets } from '../gateway/contract/secrets.ts'
import type { FilledIn } from './form-values.ts'
import type { WantedRoom, Wish } from './room-state.ts'

interface Keeper {
  readonly secrets: Secrets
}

const passwordIn = (room: string) => `room-password ${room}`
const valuesIn = (room: string) => `room-values ${room}`

/** A wish as it is kept. */
export function sealedWish({ secrets }: Keeper, room: string, { password, values, ...wish }: Wish) {
  return {
    ...wish,
    ...(password !== undefined && { password: secrets.seal(password, passwordIn(room)) }),
    ...(values && { values: secrets.seal(JSON.stringify(values), valuesIn(room)) }),
  }
}

export const passwordOf = ({ secrets }: Keeper, room: string, { password }: Pick<WantedRoom, 'password'>): string | undefined =>
  password && secrets.open(password, passwordIn(room))

export function valuesOf({ secrets }: Keeper, room: string, { values }: Pick<WantedRoom, 'values'>): FilledIn {
  const opened = values && secrets.open(values, valuesIn(room))
  return opened === undefined ? {} : (JSON.parse(opened) as FilledIn)
}

/** The password sealed with the present key; undefined where it is so already, where there is none, and where it cannot be opened. */
export function sealedAnew(keeper: Keeper, room: string, value: Pick<WantedRoom, 'password'>): Sealed | undefined {
  if (value.password === undefined || keeper.secrets.isCurrent(value.password)) return undefined
  const password = passwordOf(keeper, room, value)
  return password === undefined ? undefined : keeper.secrets.seal(password, passwordIn(room))
}
