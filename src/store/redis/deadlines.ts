/** One deadline for every answer, with one timer for all of them. */
export interface Deadlines {
  /** What the promise settles to, or a rejection when it is late. A late one may still have its effect. */
  meet<Value>(promise: Promise<Value>): Promise<Value>
}

interface Waiting {
  at: number
  /** undefined once it is settled */
  late: (() => void) | undefined
}

/** `ms`: how long each may take. */
export function createDeadlines(ms: number): Deadlines {
  // all take equally long: the first in is the first due
  let queue: Waiting[] = []
  let first = 0
  let armed = false

  function arm(): void {
    while (first < queue.length && queue[first]!.late === undefined) first++
    if (first === queue.length) {
      queue = []
      first = 0
      armed = false
      return
    }
    armed = true
    // answers that came while this process was busy are heard before they are called late
    setTimeout(() => setImmediate(check), Math.max(0, queue[first]!.at - performance.now())).unref()
  }
  function check(): void {
    const now = performance.now()
    for (; first < queue.length && queue[first]!.at <= now; first++) queue[first]!.late?.()
    if (first > queue.length / 2) {
      queue = queue.slice(first)
      first = 0
    }
    arm()
  }

  return {
    meet(promise) {
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          at: performance.now() + ms,
          late() {
            waiting.late = undefined
            reject(new Error(`There was no answer in ${ms} ms.`))
          },
        }
        queue.push(waiting)
        if (!armed) arm()
        promise.then(
          (value) => {
            waiting.late = undefined
            resolve(value)
          },
          (error) => {
            waiting.late = undefined
            reject(error)
          },
        )
      })
    },
  }
}
