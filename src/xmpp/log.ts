/** The part of a pino logger that this room uses. Never given: stanzas, passwords, tokens. */
export interface Log {
  debug(object: Record<string, unknown>, message: string): void
  info(object: Record<string, unknown>, message: string): void
  warn(object: Record<string, unknown>, message: string): void
}
