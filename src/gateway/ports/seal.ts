export interface Seal {
  seal(secret: string, context: { tenant: string; session: string; kind: string }): string
  open(sealed: string, context: { tenant: string; session: string; kind: string }): string
  /** sealed with the present key; false asks for sealing anew, after keys were rotated */
  isCurrent(sealed: string): boolean
  /** sealed with one of the keys that are here */
  knows(sealed: string): boolean
}
