/** The log of a process that tells nothing. */

import type { Log } from '../../src/gateway/ports/log.ts'

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
