/** emptied slots at the front that are tolerated before the array is cut */
const SLACK = 256

interface Slot<Value> {
  sequence: number
  value: Value
  gone: boolean
}

/**
 * Values in the order of their sequence numbers, taken mostly from the front.
 * A class because each session has three, and there are thousands of sessions: as closures one took ten times the memory.
 */
export class Sequence<Value> {
  #slots: Slot<Value>[] = []
  #start = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(sequence: number, value: Value): void {
    this.#slots.push({ sequence, value, gone: false })
    this.#length++
  }

  first(): { sequence: number; value: Value } | undefined {
    return this.#slots[this.#start]
  }

  shift(): void {
    const slot = this.#slots[this.#start]
    if (slot !== undefined) this.#drop(slot)
  }

  has(sequence: number): boolean {
    return this.#find(sequence) !== undefined
  }

  /** answers what was there */
  remove(sequence: number): Value | undefined {
    const slot = this.#find(sequence)
    const value = slot?.value
    if (slot !== undefined) this.#drop(slot)
    return value
  }

  /** what comes after a sequence, oldest first */
  after(sequence: number, limit: number): { sequence: number; value: Value }[] {
    const found: Slot<Value>[] = []
    for (let index = this.#past(sequence); index < this.#slots.length && found.length < limit; index++) {
      const slot = this.#slots[index]!
      if (!slot.gone) found.push(slot)
    }
    return found
  }

  /** index of the first slot past a sequence */
  #past(sequence: number): number {
    let low = this.#start
    let high = this.#slots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#slots[middle]!.sequence <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #find(sequence: number): Slot<Value> | undefined {
    const slot = this.#slots[this.#past(sequence) - 1]
    return slot !== undefined && slot.sequence === sequence && !slot.gone ? slot : undefined
  }

  #drop(slot: Slot<Value>): void {
    slot.gone = true
    slot.value = undefined as Value
    this.#length--
    this.#trimFront()
  }

  #trimFront(): void {
    while (this.#start < this.#slots.length && this.#slots[this.#start]!.gone) this.#start++
    if (this.#start > SLACK && this.#start * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#start)
      this.#start = 0
    }
  }
}
