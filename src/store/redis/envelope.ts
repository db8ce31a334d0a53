/** Values as they are kept: JSON in an envelope that says its version. A version that this build does not know is treated as absent. */
export const ENVELOPE_VERSION = 1

export function enclose(value: unknown): string {
  return `{"v":${ENVELOPE_VERSION},"d":${JSON.stringify(value ?? null)}}`
}

export function disclose<Value>(text: string | null | undefined): Value | undefined {
  if (text === null || text === undefined) return undefined
  try {
    const envelope: unknown = JSON.parse(text)
    if (typeof envelope !== 'object' || envelope === null || !('v' in envelope) || !('d' in envelope)) return undefined
    return envelope.v === ENVELOPE_VERSION ? (envelope.d as Value) : undefined
  } catch {
    return undefined
  }
}
