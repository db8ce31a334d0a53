export interface Prefer {
  /** seconds */
  wait?: number
  respondAsync?: boolean
}

/** Parses `Prefer` (RFC 7240): `wait=N` and `respond-async`; the first of a name counts, what is not understood is ignored. */
export function parsePrefer(header: string | readonly string[] | undefined): Prefer {
  if (header === undefined) return {}
  const prefer: Prefer = {}
  for (const preference of header.toString().split(',')) {
    const [token = ''] = preference.split(';')
    const [name = '', value = ''] = token.split('=').map((part) => part.trim().replace(/^"(.*)"$/, '$1'))
    if (name.toLowerCase() === 'respond-async') prefer.respondAsync ??= true
    if (name.toLowerCase() === 'wait' && /^\d{1,6}$/.test(value)) prefer.wait ??= Number(value)
  }
  return prefer
}
