/** Kinds of state in the order in which they are read: those of `last` last. */
export const lastOf = (kinds: readonly string[], last: readonly string[]): string[] => [
  ...kinds.filter((kind) => !last.includes(kind)),
  ...kinds.filter((kind) => last.includes(kind)),
]
