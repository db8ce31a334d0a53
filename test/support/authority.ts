/** A private certificate authority, made once per process by openssl, and the certificates of test servers. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, temporaryFolder } from './processes.ts'

const run = promisify(execFile)
/** id-on-xmppAddr (RFC 6120 section 13.7.1.4) */
const XMPP_ADDRESS = '1.3.6.1.5.5.7.8.5'
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export interface Authority {
  /** its certificate, PEM */
  caFile: string
  /** Writes `<folder>/key.pem`, `<folder>/cert.pem` and both in `<folder>/both.pem`, for these DNS names; a bare JID is the account of a client. */
  certify(folder: string, names: readonly string[]): Promise<{ key: string; certificate: string; both: string }>
}

let made: Promise<Authority> | undefined

/** The authority of this process: gateways trust one file, whichever server they meet. */
export function authority(): Promise<Authority> {
  made ??= makeAuthority()
  return made
}

async function makeAuthority(): Promise<Authority> {
  const openssl = findProgram('openssl')
  const folder = temporaryFolder('ca')
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const caFile = join(folder, 'ca.pem')
  const caKey = join(folder, 'ca.key')
  await run(openssl, ['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=stanzagate test authority', '-keyout', caKey, '-out', caFile])
  return {
    caFile,
    certify: async (target, names) => {
      const [key, request, certificate, both, extensions] = ['key.pem', 'request.pem', 'cert.pem', 'both.pem', 'names.cnf'].map((name) =>
        join(target, name),
      ) as [string, string, string, string, string]
      const alternatives = names.map((name) => (name.includes('@') ? `otherName:${XMPP_ADDRESS};UTF8:${name}` : `DNS:${name}`))
      writeFileSync(extensions, `subjectAltName=${alternatives.join(',')}\n`)
      await run(openssl, ['req', '-new', ...newKey, '-subj', `/CN=${names[0]}`, '-keyout', key, '-out', request])
      // openssl's own file of the last one is for one at a time
      const serial = `0x${randomBytes(8).toString('hex')}`
      const signing = ['-CA', caFile, '-CAkey', caKey, '-set_serial', serial, '-days', '2', '-extfile', extensions]
      await run(openssl, ['x509', '-req', '-in', request, ...signing, '-out', certificate])
      writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 })
      return { key, certificate, both }
    },
  }
}
