export interface Clock {
  /** epoch ms, only for what is told to people */
  now(): number
  /** ms that only ever grow, for every deadline */
  monotonic(): number
}
