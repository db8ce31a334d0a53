/** Which connection has unacknowledged messages for whom (a bare JID): their conversation stays there, so that nothing overtakes. */
export function createPins() {
  const pins = new Map<string, { connection: number; count: number }>()
  return {
    of: (recipient: string) => pins.get(recipient)?.connection,
    add(recipient: string, connection: number) {
      pins.set(recipient, { connection, count: (pins.get(recipient)?.count ?? 0) + 1 })
    },
    remove(recipient: string) {
      const pin = pins.get(recipient)
      if (!pin) return
      if (pin.count > 1) pins.set(recipient, { ...pin, count: pin.count - 1 })
      else pins.delete(recipient)
    },
  }
}
