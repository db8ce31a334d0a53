/** What every response says: nobody keeps it, and it is what its Content-Type says it is. */
export const ofEveryResponse = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** The same as the lines of a head that is written by hand. */
export const linesOfEveryResponse: readonly string[] = Object.entries(ofEveryResponse).map(([name, value]) => `${name}: ${value}`)
