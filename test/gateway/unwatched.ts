import type { Watch } from '../../src/gateway/inbound/quarantine.ts'

/** Of a session whose owners all came to an end of their own. */
export const unwatched: Watch = { isOn: () => false, isAlone: () => false, begin: async () => undefined, done: async () => {}, stop() {} }
