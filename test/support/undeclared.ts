/** Problems that an operation ended with and does not declare: they fail the test that meets them. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'

const CHANNEL = 'stanzagate.undeclared-problem'
const LINE = 'undeclared problem: '

/** what a gateway of a process of its own is given by `node --import` */
export const tellsUndeclared = fileURLToPath(new URL('tell-undeclared.ts', import.meta.url))

/** What a line of a gateway's output says of one. */
export const undeclaredIn = (line: string): string | undefined => (line.startsWith(LINE) ? line.slice(LINE.length) : undefined)

/** Those of this process, from now until the function that is answered is called, which throws where there were some. */
export function watchUndeclared(): () => void {
  const met: string[] = []
  const note = (told: unknown) => void met.push(JSON.stringify(told))
  subscribe(CHANNEL, note)
  return () => {
    unsubscribe(CHANNEL, note)
    refuseUndeclared(met)
  }
}

/** Throws where there are some. */
export function refuseUndeclared(met: readonly string[]): void {
  assert.deepEqual([...new Set(met)], [], 'problems that their operations do not declare')
}
