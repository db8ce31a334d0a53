/** A file on its way to where an upload service wants it. */
export interface Putting {
  url: string
  headers: Readonly<Record<string, string>>
  /** bytes */
  size: number
  bytes: AsyncIterable<Uint8Array>
  /** aborted when nobody waits for it any more */
  signal: AbortSignal
}

/**
 * Puts a file there, as fast as it is taken, and resolves when it has arrived. Rejects with address-not-allowed, upload-failed,
 * upload-timeout, or what the bytes end with.
 */
export type Put = (putting: Putting) => Promise<void>
