/** Values in the order of their sequence numbers, taken mostly from the front. */
export interface Lane<Value> {
  readonly length: number
  push(sequence: number, value: Value): void
  first(): { sequence: number; value: Value } | undefined
  shift(): void
  has(sequence: number): boolean
  remove(sequence: number): boolean
  /** what comes after a sequence, oldest first */
  after(sequence: number, limit: number): { sequence: number; value: Value }[]
}

/** emptied slots at the front that are tolerated before the array is cut */
const SLACK = 256

interface Slot<Value> {
  sequence: number
  value: Value
  gone: boolean
}

export function createLane<Value>(): Lane<Value> {
  let slots: Slot<Value>[] = []
  let start = 0
  let length = 0

  /** index of the first slot past a sequence */
  function past(sequence: number): number {
    let low = start
    let high = slots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (slots[middle]!.sequence <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
  function find(sequence: number): Slot<Value> | undefined {
    const slot = slots[past(sequence) - 1]
    return slot !== undefined && slot.sequence === sequence && !slot.gone ? slot : undefined
  }
  function trimFront(): void {
    while (start < slots.length && slots[start]!.gone) start++
    if (start > SLACK && start * 2 > slots.length) {
      slots = slots.slice(start)
      start = 0
    }
  }
  function drop(slot: Slot<Value>): void {
    slot.gone = true
    slot.value = undefined as Value
    length--
    trimFront()
  }

  return {
    get length() {
      return length
    },
    push(sequence, value) {
      slots.push({ sequence, value, gone: false })
      length++
    },
    first: () => slots[start],
    shift() {
      const slot = slots[start]
      if (slot !== undefined) drop(slot)
    },
    has: (sequence) => find(sequence) !== undefined,
    remove(sequence) {
      const slot = find(sequence)
      if (slot !== undefined) drop(slot)
      return slot !== undefined
    },
    after(sequence, limit) {
      const found: Slot<Value>[] = []
      for (let index = past(sequence); index < slots.length && found.length < limit; index++) {
        const slot = slots[index]!
        if (!slot.gone) found.push(slot)
      }
      return found
    },
  }
}
