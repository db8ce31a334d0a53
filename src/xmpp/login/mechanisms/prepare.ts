/**
 * SASLprep (RFC 4013) of a password, which SCRAM hashes: the server did the same when it was set. What SASLprep forbids stays as it is,
 * since there are servers that took it so. Its tables are only read for the few passwords that are not ASCII.
 */
export async function prepare(password: string): Promise<string> {
  if (/^[ -~]*$/.test(password)) return password
  const { saslprep } = await import('@mongodb-js/saslprep')
  try {
    return saslprep(password, { allowUnassigned: true })
  } catch {
    return password
  }
}
