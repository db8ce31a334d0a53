/** A step that is done by one at a time, and once more where it was asked for meanwhile. `after` is called whenever it comes to rest. */
export function createRepeat({
  step,
  onTrouble,
  after,
}: {
  step: () => Promise<void>
  onTrouble: (error: unknown) => void
  after: () => void
}): () => Promise<void> {
  let running = false
  let again = false

  return async () => {
    if (running) {
      again = true
      return
    }
    running = true
    try {
      do {
        again = false
        await step()
      } while (again)
    } catch (error) {
      onTrouble(error)
    } finally {
      running = false
      after()
    }
  }
}
