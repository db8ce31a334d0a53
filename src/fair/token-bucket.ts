/** Tokens for what somebody may do: `rate` per second come in, and `burst` are kept at most. */
export interface TokenBucket {
  /** takes one, if there is one */
  take(): boolean
  /** is it full? */
  isFull(): boolean
  /** ms until there is one; 0 where there is */
  wait(): number
}

export function createTokenBucket({ rate, burst, monotonic }: { rate: number; burst: number; monotonic: () => number }): TokenBucket {
  let tokens = burst
  let filledAt = monotonic()

  function fill(): void {
    const now = monotonic()
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * rate)
    filledAt = now
  }

  return {
    take() {
      fill()
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    isFull() {
      fill()
      return tokens >= burst
    },
    wait() {
      fill()
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate) * 1000)
    },
  }
}
