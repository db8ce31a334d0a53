/** Values as they are kept: JSON in an envelope that says its version. A version that this build does not know is treated as absent. */
export const ENVELOPE_VERSION = 1

export function enclose(value: unknown): string {
  return `{"v":${ENVELOPE_VERSION},"d":${JSON.stringify(value ?? null)}}`
}

export function disclose<Value>(text: string | null | undefined): Value | undefined {
  const envelope = open(text)
  return envelope?.v === ENVELOPE_VERSION ? (envelope.d as Value) : undefined
}

/** Whatever the version, for a reader that checks what it takes. */
export const discloseAny = (text: string): unknown => open(text)?.d

function open(text: string | null | undefined): { v: unknown; d: unknown } | undefined {
  if (text === null || text === undefined) return undefined
  try {
    const envelope: unknown = JSON.parse(text)
    return typeof envelope === 'object' && envelope !== null && 'v' in envelope && 'd' in envelope ? envelope : undefined
  } catch {
    return undefined
  }
}
