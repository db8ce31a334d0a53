declare module 'virtual:described' {
  import type { Described } from './described.ts'

  export const described: readonly Described[]
}
