/** Counts what arrives in a process of the bench, and tells its parent when as much is there as it was told to expect. */
export function countArrivals(): () => void {
  let arrived = 0
  let wanted = Number.POSITIVE_INFINITY
  process.on('message', ({ expect }: { expect: number }) => {
    arrived = 0
    wanted = expect
    process.send!({ armed: true })
  })
  process.on('disconnect', () => process.exit(0))
  return () => {
    arrived += 1
    if (arrived < wanted) return
    wanted = Number.POSITIVE_INFINITY
    process.send!({ arrived })
  }
}
