/** A secret as the store may have it. */
export type Sealed = string & { readonly sealed: true }

/** What a session keeps and nobody is to read in the store. `use`: what it is for; it opens for nothing else. */
export interface Secrets {
  seal(secret: string, use: string): Sealed
  /** undefined where no key is there for it any more */
  open(sealed: Sealed, use: string): string | undefined
  /** sealed with the present key */
  isCurrent(sealed: Sealed): boolean
}
