/** `--import` of a gateway whose heap a test fills: SIGUSR2 fills FILLED of its limit, the next SIGUSR2 lets go. Needs --expose-gc. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'

const filled = Number(process.env.FILLED)
/** entries of one array, a megabyte */
const ENTRIES = 2 ** 17
let ballast: unknown[] | undefined

function used(): number {
  const { used_heap_size: bytes, heap_size_limit: limit } = getHeapStatistics()
  return bytes / limit
}

process.on('SIGUSR2', async () => {
  const isFilled = ballast !== undefined
  ballast = isFilled ? undefined : []
  globalThis.gc?.()
  for (; ballast && used() < filled; globalThis.gc?.())
    while (used() < filled) {
      ballast.push(new Array(ENTRIES).fill(0))
      await nextTurn()
    }
})
