/** Turns of one at a time: each resolves when all before it were given back, with what gives it back. */
export function createOneAtATime(): () => Promise<() => void> {
  /** the last one, until it is given back */
  let tail = Promise.resolve()

  return async () => {
    const before = tail
    const { promise, resolve } = Promise.withResolvers<void>()
    tail = promise
    await before
    return resolve
  }
}
