/** A private ejabberd on free loopback ports: Debian's package, run by `erl` from a temporary folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority } from './authority.ts'
import { ejabberdListener } from './guide.ts'
import { findProgram, freePorts, startServer, temporaryFolder } from './processes.ts'
import { splitUser, type XmppServer, type XmppServerOptions } from './xmpp-server.ts'

export async function startEjabberd(options: XmppServerOptions = {}): Promise<XmppServer> {
  const { domain = 'localhost', moreDomains = [], users = {}, tls = true, components = {} } = options
  const erl = findProgram('erl', 'ejabberd')
  const folder = temporaryFolder('ejabberd')
  const domains = [domain, ...moreDomains]
  const { caFile, certify } = await authority()
  const certificate = await certify(folder, options.certificateNames ?? domains.flatMap((name) => [name, `*.${name}`]))
  const [port, tlsPort, httpPort, componentPort] = (await freePorts(4)) as [number, number, number, number]
  const logFile = join(folder, 'ejabberd.log')
  mkdirSync(join(folder, 'spool'))
  writeFileSync(
    join(folder, 'ejabberd.yml'),
    configuration({ ...options, folder, domains, port, tlsPort, httpPort, componentPort, certificate: certificate.both, caFile }),
  )
  writeFileSync(join(folder, 'inetrc'), '{lookup,["file","native"]}.\n{host,{127,0,0,1}, ["localhost"]}.\n')

  // no -sname: without distribution neither epmd nor its port is needed; erl execs the VM, so the pid is the VM's
  const launch = () =>
    startServer({
      command: erl,
      args: ['-noinput', '-mnesia', 'dir', `"${join(folder, 'spool')}"`, '-s', 'ejabberd'],
      folder,
      stopSignal: 'SIGKILL',
      ports: [port, ...(tls ? [tlsPort] : []), httpPort, ...(Object.keys(components).length > 0 ? [componentPort] : [])],
      env: {
        ...process.env,
        HOME: folder,
        ERL_LIBS: libraryFolder(),
        EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: logFile,
        ERL_INETRC: join(folder, 'inetrc'),
        ERL_CRASH_DUMP: join(folder, 'crash.dump'),
      },
    })
  let server = await launch()

  const accounts = new Map(Object.entries(users))
  async function call(command: string, body: object): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/${command}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { connection: 'close' },
    })
    const text = await answer.text()
    if (!answer.ok && answer.status !== 409) throw new Error(`ejabberd ${command}: ${answer.status} ${text}`)
    return answer.status
  }
  async function setPassword(user: string, password: string): Promise<void> {
    accounts.set(user, password)
    const { local, domain: host } = splitUser(user, domain)
    const registered = await call('register', { user: local, host, password })
    if (registered === 409) await call('change_password', { user: local, host, newpass: password })
  }
  /** The ports are bound before the modules are up and answer after; what Mnesia had not yet on disk when it was killed is made again. */
  async function prepare(): Promise<void> {
    try {
      await call('status', {})
      for (const [user, password] of accounts) await setPassword(user, password)
    } catch (error) {
      const log = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-4_000) : ''
      await server.stop()
      throw new Error(`ejabberd did not start:\n${log}${server.output()}`, { cause: error })
    }
  }
  async function start(): Promise<void> {
    server = await launch()
    await prepare()
  }
  await prepare()
  return {
    kind: 'ejabberd',
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
  certificate: string
  caFile: string
}

/** YAML is a superset of JSON, so the values are written as JSON. */
function configuration(layout: Layout): string {
  const {
    folder,
    domains,
    port,
    tlsPort,
    httpPort,
    componentPort,
    certificate,
    caFile,
    clientCertificates = false,
    components = {},
  } = layout
  const { tls = true, smacks = true, mam = true, carbons = true, muc = true, modules = [], config = '', sqlArchive = false } = layout
  const { rate } = layout
  const c2s = {
    ip: '127.0.0.1',
    module: 'ejabberd_c2s',
    max_stanza_size: 524_288,
    ...(rate === undefined ? {} : { shaper: 'c2s_shaper' }),
    ...(clientCertificates ? { tls_verify: true, cafile: caFile } : {}),
  }
  const settings = {
    hosts: domains,
    loglevel: 'info',
    auth_method: 'internal',
    auth_password_format: 'scram',
    ...(sqlArchive ? { sql_type: 'sqlite', sql_database: join(folder, 'archive.sqlite') } : {}),
    disable_sasl_mechanisms: ['digest-md5', 'x-oauth2'],
    ...(tls ? { certfiles: [certificate] } : {}),
    listen: [
      { ...c2s, port, ...(tls ? { starttls_required: true } : { starttls: false }) },
      ...(tls ? [{ ...c2s, port: tlsPort, tls: true }] : []),
      {
        ip: '127.0.0.1',
        port: httpPort,
        module: 'ejabberd_http',
        request_handlers: { '/api': 'mod_http_api', '/upload': 'mod_http_upload' },
      },
      ...ejabberdListener(components, componentPort),
    ],
    // the burst is that of its example
    ...(rate === undefined ? {} : { shaper: { normal: { rate, burst_size: 20_000 } }, shaper_rules: { c2s_shaper: 'normal' } }),
    acl: { loopback: { ip: ['127.0.0.0/8'] }, local: { user_regexp: '' } },
    access_rules: { local: { allow: 'local' } },
    api_permissions: { tests: { from: ['mod_http_api'], who: { access: { allow: { acl: 'loopback' } } }, what: '*' } },
    modules: {
      mod_http_api: {},
      mod_admin_extra: {},
      mod_roster: { versioning: true },
      mod_disco: {},
      mod_ping: {},
      mod_last: {},
      mod_version: {},
      mod_offline: {},
      mod_vcard: {},
      mod_blocking: {},
      mod_privacy: {},
      mod_private: {},
      mod_client_state: {},
      mod_caps: {},
      mod_pubsub: { plugins: ['flat', 'pep'], access_createnode: 'local' },
      mod_http_upload: { put_url: `http://127.0.0.1:${httpPort}/upload/@HOST@`, docroot: '@HOME@/upload' },
      ...(carbons ? { mod_carboncopy: {} } : {}),
      ...(mam ? { mod_mam: { default: 'always', db_type: sqlArchive ? 'sql' : 'mnesia' } } : {}),
      ...(smacks ? { mod_stream_mgmt: {} } : {}),
      ...(muc ? { mod_muc: { hosts: ['conference.@HOST@'] } } : {}),
      ...Object.fromEntries(modules.map((name) => [name, {}])),
    },
  }
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n')}\n${config}\n`
}

/** ejabberd's own Erlang libraries: Debian keeps them in a folder by architecture. */
function libraryFolder(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))]
  const found = folders.find((folder) => statSync(folder).isDirectory() && readdirSync(folder).some((name) => name.startsWith('ejabberd-')))
  if (found === undefined) throw new Error('ejabberd is not installed: apt-get install --no-install-recommends ejabberd')
  return found
}
