/** What a caller may be allowed to do: to read, or to change, which includes to read. */
export const scopeNouns = [
  'sessions',
  'messages',
  'roster',
  'presence',
  'rooms',
  'files',
  'profile',
  'pubsub',
  'iq',
  'stanzas',
  'commands',
  'events',
  'webhooks',
  'keys',
] as const
export type Scope = `${(typeof scopeNouns)[number]}:${'read' | 'write'}`

/** of each noun first what reads */
export const scopes: readonly Scope[] = scopeNouns.flatMap((noun) => [`${noun}:read`, `${noun}:write`] as const)
