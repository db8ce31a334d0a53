import { useEffect, useState } from 'preact/hooks'

export interface Polled<Value> {
  value: Value | undefined
  problem: unknown
  /** reads it now */
  look(): void
}

/**
 * What no event tells, read again and again while it is looked at: `each` ms, and never more often than a tenth of the time is spent on it.
 * It is read anew where `key` changes.
 */
export function usePolled<Value>(
  read: (signal: AbortSignal) => Promise<Value>,
  { each, key }: { each: number; key: string },
): Polled<Value> {
  const [value, setValue] = useState<Value | undefined>(undefined)
  const [problem, setProblem] = useState<unknown>(undefined)
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    async function look(): Promise<void> {
      const began = performance.now()
      try {
        if (!document.hidden) {
          const found = await read(over.signal)
          if (over.signal.aborted) return
          setValue(() => found)
          setProblem(undefined)
        }
      } catch (error) {
        if (over.signal.aborted) return
        setProblem(error)
      }
      timer = setTimeout(look, Math.max(each, (performance.now() - began) * 9))
    }
    void look()
    return () => {
      clearTimeout(timer)
      over.abort()
    }
  }, [key, asked])
  return { value, problem, look: () => setAsked((count) => count + 1) }
}
