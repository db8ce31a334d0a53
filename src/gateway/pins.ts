import { bare } from '../stanza/jid.ts'

/** Which connection has unacknowledged messages for whom: their conversation stays there, so that nothing overtakes. */
export function createPins() {
  const pins = new Map<string, { connection: number; count: number }>()
  return {
    of: (recipient: string) => pins.get(recipient)?.connection,
    add(to: string, connection: number) {
      const recipient = bare(to)
      pins.set(recipient, { connection, count: (pins.get(recipient)?.count ?? 0) + 1 })
    },
    remove(to: string) {
      const recipient = bare(to)
      const pin = pins.get(recipient)
      if (!pin) return
      if (pin.count > 1) pins.set(recipient, { ...pin, count: pin.count - 1 })
      else pins.delete(recipient)
    },
  }
}
