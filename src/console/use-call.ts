import { useState } from 'preact/hooks'

export interface Called {
  /** what it was refused for, the last time */
  problem: unknown
  isBusy: boolean
  /** does it, and says whether it was done */
  run(work: () => Promise<unknown>): Promise<boolean>
}

/** One thing at a time that a person asks for, and what became of it. */
export function useCall(): Called {
  const [problem, setProblem] = useState<unknown>(undefined)
  const [isBusy, setBusy] = useState(false)
  return {
    problem,
    isBusy,
    async run(work) {
      setBusy(true)
      setProblem(undefined)
      try {
        await work()
        return true
      } catch (error) {
        setProblem(error)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}
