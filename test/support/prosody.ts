/** A private Prosody on free loopback ports, from a temporary folder. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority } from './authority.ts'
import { prosodyComponent } from './guide.ts'
import { findProgram, freePorts, startServer, temporaryFolder } from './processes.ts'
import { splitUser, type XmppServer, type XmppServerOptions } from './xmpp-server.ts'

const always = [
  'roster',
  'saslauth',
  'disco',
  'offline',
  'pep',
  'private',
  'blocklist',
  'vcard4',
  'vcard_legacy',
  'ping',
  'version',
  'time',
  'csi',
]

export async function startProsody(options: XmppServerOptions = {}): Promise<XmppServer> {
  const { domain = 'localhost', moreDomains = [], users = {}, tls = true, iterations = 4096, uploads = true, components = {} } = options
  const folder = temporaryFolder('prosody')
  const domains = [domain, ...moreDomains]
  const { caFile, certify } = await authority()
  const certificate = await certify(folder, options.certificateNames ?? domains.flatMap((name) => [name, `*.${name}`]))
  const [port, tlsPort, httpPort, componentPort] = (await freePorts(4)) as [number, number, number, number]
  const logFile = join(folder, 'prosody.log')
  mkdirSync(join(folder, 'certs'))
  const configFile = join(folder, 'prosody.cfg.lua')
  writeFileSync(configFile, configuration({ ...options, folder, domains, port, tlsPort, httpPort, componentPort, logFile, certificate }))

  async function setPassword(user: string, password: string): Promise<void> {
    const { local, domain: host } = splitUser(user, domain)
    const accounts = join(folder, 'data', storageName(host), 'accounts')
    mkdirSync(accounts, { recursive: true })
    writeFileSync(join(accounts, `${storageName(local)}.dat`), hashedAccount(password, iterations))
  }
  for (const [user, password] of Object.entries(users)) await setPassword(user, password)

  const withComponents = Object.keys(components).length > 0
  const ports = [port, ...(tls ? [tlsPort] : []), ...(uploads ? [httpPort] : []), ...(withComponents ? [componentPort] : [])]
  // -F is the foreground; `prosody --version` would start a server
  const args = ['-F', '--config', configFile]
  const launch = () => startServer({ command: options.program ?? findProgram('prosody'), args, folder, ports, stopSignal: 'SIGKILL' })
  let server = await launch()
  async function start(): Promise<void> {
    server = await launch()
  }
  return {
    kind: 'prosody',
    domain,
    port,
    tlsPort,
    httpPort,
    componentService: `xmpp://127.0.0.1:${componentPort}`,
    service: `xmpp://127.0.0.1:${port}`,
    caFile,
    logFile,
    get pid() {
      return server.pid
    },
    addUser: setPassword,
    setPassword,
    signal: (name) => server.signal(name),
    kill: () => server.halt('SIGKILL'),
    halt: () => server.halt('SIGTERM'),
    start,
    restart: async () => {
      await server.halt('SIGTERM')
      await start()
    },
    stop: () => server.stop(),
  }
}

interface Layout extends XmppServerOptions {
  folder: string
  domains: string[]
  port: number
  tlsPort: number
  httpPort: number
  componentPort: number
  logFile: string
  certificate: { key: string; certificate: string }
}

function configuration(layout: Layout): string {
  const { folder, domains, port, tlsPort, httpPort, componentPort, logFile, certificate, components = {} } = layout
  const {
    tls = true,
    smacks = true,
    mam = true,
    carbons = true,
    muc = true,
    uploads = true,
    modules = [],
    without = [],
    iterations = 4096,
    sqlArchive = false,
  } = layout
  const { rate } = layout
  const enabled = [
    ...always,
    rate !== undefined && 'limits',
    tls && 'tls',
    smacks && 'smacks',
    mam && 'mam',
    carbons && 'carbons',
    ...modules,
  ].filter((name) => name !== false && !without.includes(name))
  const hosts = domains.map((name) => {
    const rooms = `Component "conference.${name}" "muc"\n${mam ? '  modules_enabled = { "muc_mam" }\n' : ''}  restrict_room_creation = false\n`
    const files = `Component "upload.${name}" "http_file_share"\n  http_external_url = "http://127.0.0.1:${httpPort}/"\n  http_file_share_size_limit = 64 * 1024 * 1024\n  http_file_share_daily_quota = 512 * 1024 * 1024\n`
    return `VirtualHost "${name}"\n${muc ? rooms : ''}${uploads ? files : ''}`
  })
  const ofComponents = Object.entries(components).map(([name, secret]) => prosodyComponent({ name, secret }))
  return `run_as_root = true
daemonize = false
pidfile = "${join(folder, 'prosody.pid')}"
data_path = "${join(folder, 'data')}"
log = { info = "${logFile}" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_direct_tls_ports = { ${tls ? tlsPort : ''} }
s2s_ports = {}
s2s_direct_tls_ports = {}
component_ports = { ${componentPort} }
component_interfaces = { "127.0.0.1" }
http_ports = { ${httpPort} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
http_host = "127.0.0.1"
authentication = "internal_hashed"
default_iteration_count = ${iterations}
${sqlArchive ? 'storage = { archive = "sql" }\nsql = { driver = "SQLite3"; database = "archive.sqlite" }' : 'storage = "internal"'}
allow_registration = ${enabled.includes('register')}
c2s_require_encryption = ${tls}
allow_unencrypted_plain_auth = false
network_settings = { read_size = 65536 }
${tls ? `ssl = { key = "${certificate.key}"; certificate = "${certificate.certificate}" }` : ''}
modules_enabled = { ${enabled.map((name) => `"${name}"`).join('; ')} }
modules_disabled = { "s2s"; ${without.map((name) => `"${name}"; `).join('')}${rate === undefined ? '"limits"; ' : ''}"admin_socket"; "admin_shell" }
${rate === undefined ? '' : `limits = { c2s = { rate = "${rate / 1_000}kb/s"; burst = "2s" } }`}
${layout.config ?? ''}
${hosts.join('')}${ofComponents.join('')}`
}

/** Prosody's internal storage writes what is neither a letter nor a digit as %xx. */
function storageName(name: string): string {
  return [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[a-zA-Z0-9]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

/** An account of mod_auth_internal_hashed: the SCRAM-SHA-1 keys of RFC 5802. */
function hashedAccount(password: string, iterations: number): string {
  const salt = randomBytes(12).toString('hex')
  const salted = pbkdf2Sync(password, salt, iterations, 20, 'sha1')
  const hmac = (text: string) => createHmac('sha1', salted).update(text).digest()
  const stored = createHash('sha1').update(hmac('Client Key')).digest('hex')
  return `return {
\t["iteration_count"] = ${iterations};
\t["salt"] = "${salt}";
\t["stored_key"] = "${stored}";
\t["server_key"] = "${hmac('Server Key').toString('hex')}";
};
`
}
