import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ConfigError, readConfig } from '../src/config/config.ts'
import { sha256 } from '../src/config/values.ts'
import { makeKey } from './support/gateway.ts'

const key = makeKey()

function folderOf(t: TestContext, envFile?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'stanzagate-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  if (envFile !== undefined) writeFileSync(join(folder, '.env'), envFile)
  return folder
}

const withKeys = (env: Record<string, string> = {}) => readConfig({ env: { API_KEYS: `main=${key}`, ...env }, folder: '/nowhere' })

function refusal(env: Record<string, string>): string {
  try {
    withKeys(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return assert.fail('accepted')
}

test('without anything set the defaults are those of the documentation', () => {
  const config = withKeys()
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.port, 8080)
  assert.equal(config.instance, hostname())
  assert.equal(config.redis, null)
  assert.equal(config.bodyLimit, 1024 * 1024)
  assert.equal(config.stanzaLimit, 256 * 1024)
  assert.ok(config.descriptors > config.maxConnections && config.maxConnections > 100)
  assert.equal(config.slowReaderSeconds, 3)
  assert.deepEqual(config.xmpp.ports, [5222, 5223, 443])
  assert.deepEqual([config.limits.eventLogMax, config.limits.eventLogBytes, config.limits.eventLogAge], [100_000, 2 ** 26, 72 * 3_600_000])
  assert.equal(config.credentialsKeys[0]?.length, 32)
  assert.ok(Object.isFrozen(config))
})

test('the variables of OpenTelemetry are those that it has, and are there where they name an endpoint', (t) => {
  const endpoint = 'http://collector:4318'
  const more = { OTEL_SERVICE_NAME: 'chat', OTEL_BSP_SCHEDULE_DELAY: '100' }
  assert.equal(withKeys(more).tracing, undefined)
  assert.deepEqual(withKeys({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more }).tracing, {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...more,
  })
  assert.equal(withKeys({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'True' }).tracing, undefined)
  const ofFile = readConfig({
    env: more,
    folder: folderOf(t, `API_KEYS=main=${key}\nOTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${endpoint}/v1/traces\n`),
  })
  assert.equal(ofFile.tracing?.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, `${endpoint}/v1/traces`)
  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_SAMPLER', 'some'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_SDK_DISABLED', 'perhaps'],
  ] as const)
    assert.match(refusal({ [name]: value }), new RegExp(name))
})

test('variables are read, lists by comma, and an empty one is unset', () => {
  const config = withKeys({
    HOST: '::1',
    PORT: '0',
    INSTANCE_ID: 'gate-1',
    REDIS_URL: '',
    API_KEYS: `main=${key}, other=${makeKey()}`,
    ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443',
    BODY_LIMIT: '2 MiB',
    MAX_CONNECTIONS: '500',
    STANZA_LIMIT: '64KiB',
    XMPP_PORTS: '5222',
    XMPP_PLAIN: 'opt-in',
    XMPP_PRIVATE_HOSTS: 'xmpp.internal,10.0.0.5',
    XMPP_PLAINTEXT_HOSTS: 'localhost,127.0.0.1,[::1]',
    EVENT_LOG_MAX: '10',
    EVENT_LOG_BYTES: '32MiB',
    EVENT_LOG_AGE: '90m',
    SLOW_READER_SECONDS: '0.5',
    RATE_LIMIT_SEND: '100/1s',
    RATE_LIMIT_OPEN: '5 / 2m',
    MAX_SESSIONS: '20',
    JWT_ISSUER: 'https://issuer.example/',
    JWT_JWKS_URL: 'http://127.0.0.1:8081/jwks.json',
    JWT_AUDIENCE: 'stanzagate',
  })
  assert.deepEqual(config.rateLimits, { send: { quota: 100, window: 1_000 }, open: { quota: 5, window: 120_000 } })
  assert.equal(config.limits.maxSessions, 20)
  assert.deepEqual(config.jwt, { issuer: 'https://issuer.example/', jwksUrl: 'http://127.0.0.1:8081/jwks.json', audience: 'stanzagate' })
  assert.deepEqual([config.host, config.port, config.instance, config.redis], ['::1', 0, 'gate-1', null])
  assert.deepEqual(
    config.apiKeys.map(({ tenant }) => tenant),
    ['main', 'other'],
  )
  assert.deepEqual(config.apiKeys[0]?.hash, sha256(key))
  assert.ok(!JSON.stringify(config).includes(key))
  assert.deepEqual(config.allowedOrigins, ['https://a.example', 'https://b.example:8443'])
  assert.deepEqual([config.bodyLimit, config.stanzaLimit, config.maxConnections], [2 * 1024 * 1024, 64 * 1024, 500])
  assert.deepEqual([config.xmpp.plain, config.xmpp.privateHosts], ['opt-in', ['xmpp.internal', '10.0.0.5']])
  assert.deepEqual([config.limits.eventLogMax, config.limits.eventLogBytes, config.limits.eventLogAge], [10, 2 ** 25, 90 * 60_000])
  assert.equal(config.slowReaderSeconds, 0.5)
})

test('the environment beats .env', (t) => {
  const folder = folderOf(t, `PORT=1111\nINSTANCE_ID="from-file"\nAPI_KEYS=main=${key}\n`)
  const config = readConfig({ env: { PORT: '2222', INSTANCE_ID: '' }, folder })
  assert.deepEqual([config.port, config.instance], [2222, 'from-file'])
  assert.equal(config.developmentKey, null)
})

test('what is wrong is told by the name of the variable, all of it at once', () => {
  const message = refusal({ PORT: '99999', LOG_LEVEL: 'loud', EVENT_LOG_AGE: 'long' })
  for (const name of ['PORT', 'LOG_LEVEL', 'EVENT_LOG_AGE']) assert.match(message, new RegExp(`→ at ${name}`))
  const wrong: Record<string, string>[] = [
    { PORT: 'http' },
    { API_KEYS: 'main' },
    { API_KEYS: 'main=sgk_short' },
    { API_KEYS: `main=${key}!` },
    { API_KEYS: ',' },
    { METRICS_TOKEN: 'short' },
    { ALLOWED_ORIGINS: 'https://a.example/path' },
    { ALLOWED_ORIGINS: 'a.example' },
    { API_KEYS: `main=${key},other=${key}` },
    { HOST: '256.1.1.1' },
    { HOST: 'not a host' },
    { HOST: 'http://localhost' },
    { INSTANCE_ID: 'x'.repeat(129) },
    { INSTANCE_ID: 'gate 1' },
    { INSTANCE_ID: 'gate\u0007' },
    { BODY_LIMIT: '1GB' },
    { MAX_CONNECTIONS: '0' },
    { BODY_LIMIT: '0' },
    { BODY_LIMIT: '1023' },
    { STANZA_LIMIT: '9999' },
    { EVENT_LOG_MAX: '0' },
    { EVENT_LOG_BYTES: '0' },
    { EVENT_LOG_BYTES: '64MB' },
    { EVENT_LOG_AGE: '0' },
    { XMPP_PORTS: ',' },
    { XMPP_PLAIN: 'never' },
    { XMPP_CA_FILE: import.meta.filename },
    { XMPP_PRIVATE_HOSTS: 'http://x' },
    { XMPP_PRIVATE_HOSTS: 'xmpp.internal,10.0.0.5:5222' },
    { XMPP_PLAINTEXT_HOSTS: 'xmpp://localhost' },
    { WEBHOOK_PRIVATE_HOSTS: 'https://hooks.internal/x' },
    { RATE_LIMIT_READ: '100' },
    { RATE_LIMIT_READ: '0/1s' },
    { MAX_SESSIONS: '0' },
    { JWT_JWKS_URL: 'http://issuer.example/jwks.json' },
    { XMPP_PORTS: '5222,0' },
    { XMPP_CA_FILE: '/nowhere/ca.pem' },
    { SLOW_READER_SECONDS: '0' },
    { REDIS_URL: 'http://localhost', CREDENTIALS_KEY: Buffer.alloc(32).toString('base64') },
    { CREDENTIALS_KEY: Buffer.alloc(31).toString('base64') },
  ]
  for (const env of wrong) assert.match(refusal(env), new RegExp(`→ at ${Object.keys(env)[0]}`))
})

test('the smallest and largest bounds, and hosts of every spelling are taken', () => {
  const config = withKeys({
    HOST: '[::1]',
    BODY_LIMIT: '1KiB',
    STANZA_LIMIT: '10000',
    INSTANCE_ID: 'x'.repeat(128),
    XMPP_PRIVATE_HOSTS: 'localhost,10.0.0.5,[fd00::1],fd00::2,xmpp_1.internal',
  })
  assert.deepEqual([config.host, config.bodyLimit, config.stanzaLimit, config.instance.length], ['::1', 1024, 10_000, 128])
  assert.equal(config.xmpp.privateHosts.length, 5)
  const largest = withKeys({ BODY_LIMIT: '64MiB', STANZA_LIMIT: '16MiB', EVENT_LOG_AGE: '3650d', SLOW_READER_SECONDS: '3600' })
  assert.equal(largest.slowReaderSeconds, 3600)
})

test('what no process can hold, or nobody would wait for, is refused', () => {
  const wrong: [string, string][] = [
    ['BODY_LIMIT', '65MiB'],
    ['STANZA_LIMIT', '17MiB'],
    ['EVENT_LOG_MAX', '1000000000000'],
    ['EVENT_LOG_AGE', '99999d'],
    ['SLOW_READER_SECONDS', '1000000000'],
    ['SLOW_READER_SECONDS', '1e9'],
    ['REDIS_WAIT_REPLICAS', '1000'],
    ['METRICS_TOKEN', 'a token with spaces in it'],
  ]
  for (const [name, value] of wrong) assert.match(refusal({ [name]: value }), new RegExp(`→ at ${name}$`), name)
})

test('quotes and white space that were pasted with a value are told as such, once', () => {
  const key32 = Buffer.alloc(32, 1).toString('base64')
  const values: Record<string, string> = {
    PORT: '8080',
    LOG_LEVEL: 'info',
    REDIS_URL: 'redis://localhost',
    CREDENTIALS_KEY: key32,
    API_KEYS: `main=${key}`,
    METRICS_TOKEN: 'x'.repeat(20),
    SLOW_READER_SECONDS: '3',
    XMPP_PRIVATE_HOSTS: 'localhost',
  }
  for (const [name, value] of Object.entries(values)) {
    for (const quoted of [`"${value}"`, `'${value}'`])
      assert.equal(refusal({ CREDENTIALS_KEY: key32, [name]: quoted }), `✖ must be without the quotes around it\n  → at ${name}`)
    for (const spaced of [`${value} `, `${value}\n`, `\t${value}`])
      assert.equal(
        refusal({ CREDENTIALS_KEY: key32, [name]: spaced }),
        `✖ must have no white space before or after it, no line end either\n  → at ${name}`,
      )
  }
})

test('a key that is told twice, and one that is not of 32 bytes, are told as such', () => {
  assert.match(refusal({ API_KEYS: `main=${key},main=${key}` }), /one key twice \(main\)\n.*→ at API_KEYS/)
  assert.match(refusal({ API_KEYS: `main=${key},other=${key}` }), /one key for two tenants \(main, other\)\n.*→ at API_KEYS/)
  assert.match(refusal({ CREDENTIALS_KEY: Buffer.alloc(32).toString('hex') }), /and is of 48/)
  assert.match(refusal({ CREDENTIALS_KEY: 'not/base64!' }), /must be base64/)
})

const hintsOf = (env: Record<string, string>) => withKeys(env).hints.map(({ message }) => message)

test('a variable with a name near to one that is read is told, and which one may be meant', () => {
  const meant: Record<string, string> = {
    STANZAGATE_PORT: 'PORT',
    STANZAGATE_API_KEYS: 'API_KEYS',
    STANZAGATE_REDISURL: 'REDIS_URL',
    REDIS_URI: 'REDIS_URL',
    APIKEYS: 'API_KEYS',
    API_KEY: 'API_KEYS',
    EVENT_LOG_MAXX: 'EVENT_LOG_MAX',
    XMPP_PRIVATE_HOST: 'XMPP_PRIVATE_HOSTS',
    XMPP_CAFILE: 'XMPP_CA_FILE',
    CREDENTIAL_KEY: 'CREDENTIALS_KEY',
    CREDENTAILS_KEY: 'CREDENTIALS_KEY',
    LOGLEVEL: 'LOG_LEVEL',
    log_level: 'LOG_LEVEL',
    'BODY-LIMIT': 'BODY_LIMIT',
    METRIC_TOKEN: 'METRICS_TOKEN',
    ALLOWED_ORIGIN: 'ALLOWED_ORIGINS',
    SLOW_READER_SECOND: 'SLOW_READER_SECONDS',
    INSTANCEID: 'INSTANCE_ID',
    HOTS: 'HOST',
    port: 'PORT',
  }
  for (const [name, known] of Object.entries(meant))
    assert.deepEqual(
      hintsOf({ [name]: 'secret', REDIS_URL: 'redis://localhost', CREDENTIALS_KEY: Buffer.alloc(32, 1).toString('base64') }),
      [`${name} is not read: did you mean ${known}?`],
    )
  for (const name of ['STANZAGATE_COLOUR', 'XMPP_PASSWORD', 'EVENT_LOG_DAYS'])
    assert.deepEqual(hintsOf({ [name]: 'x' }), [`${name} is not read`])
})

test('what others set is none of our business', (t) => {
  const others = {
    ...process.env,
    HOSTNAME: 'x',
    HOME: '/',
    PATH: '/bin',
    NODE_OPTIONS: '',
    REDIS_PORT: 'tcp://10.0.0.1:6379',
    REDIS_SERVICE_HOST: '10.0.0.1',
    REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
    STANZAGATE_PORT: 'tcp://10.0.0.2:80',
    STANZAGATE_SERVICE_HOST: '10.0.0.2',
    STANZAGATE_SERVICE_PORT_HTTP: '80',
    STANZAGATE_PORT_80_TCP: 'tcp://10.0.0.2:80',
    STANZAGATE_URL: 'http://127.0.0.1:8080',
    STANZAGATE_KEY: key,
    STANZAGATE_SESSION: 'romeo@localhost',
    KUBERNETES_PORT: 'tcp://10.0.0.1:443',
    X: 'y',
  } as Record<string, string>
  assert.deepEqual(hintsOf(others), [])
  const folder = folderOf(t, `API_KEYS=main=${key}\nEVENTS_LOG_MAX=5\n`)
  assert.deepEqual(readConfig({ env: {}, folder }).hints, [
    { variable: 'EVENTS_LOG_MAX', message: 'EVENTS_LOG_MAX is not read: did you mean EVENT_LOG_MAX?' },
  ])
})

test('a misspelt variable is told beside what is refused for want of it', () => {
  assert.throws(
    () => readConfig({ env: { HOST: '0.0.0.0', APIKEYS: `main=${key}` }, folder: '/nowhere' }),
    ({ message }: Error) =>
      /→ at API_KEYS/.test(message) && message.includes('✖ APIKEYS is not read: did you mean API_KEYS?') && !message.includes(key),
  )
})

test('values that contradict each other, or are of no use, are told', () => {
  const key32 = Buffer.alloc(32, 1).toString('base64')
  assert.match(hintsOf({ REDIS_HOST: 'redis' })[0] ?? '', /^REDIS_HOST is not read: did you mean REDIS_URL/)
  assert.match(hintsOf({ REDIS_WAIT_REPLICAS: '1' })[0] ?? '', /^REDIS_WAIT_REPLICAS has no use/)
  assert.match(hintsOf({ CREDENTIALS_KEY: key32 })[0] ?? '', /^CREDENTIALS_KEY has no use/)
  assert.match(hintsOf({ BODY_LIMIT: '64KiB' })[0] ?? '', /^BODY_LIMIT is less than STANZA_LIMIT \(262144 bytes\)/)
  assert.match(hintsOf({ XMPP_PLAINTEXT_HOSTS: 'localhost' })[0] ?? '', /^XMPP_PLAINTEXT_HOSTS names localhost/)
  const right = { REDIS_URL: 'redis://localhost', REDIS_WAIT_REPLICAS: '1', CREDENTIALS_KEY: key32 }
  assert.deepEqual(hintsOf({ ...right, XMPP_PLAINTEXT_HOSTS: 'localhost', XMPP_PRIVATE_HOSTS: 'LOCALHOST', BODY_LIMIT: '256KiB' }), [])
})

test('a wrong secret is not quoted', () => {
  assert.ok(!refusal({ API_KEYS: 'main=sgk_CANARY' }).includes('CANARY'))
  assert.ok(!refusal({ API_KEYS: `main=${key},other=${key}` }).includes(key))
  assert.ok(!refusal({ CREDENTIALS_KEY: 'CANARY' }).includes('CANARY'))
})

test('clear text is for loopback hosts only, and certificate checks cannot be switched off', () => {
  for (const host of ['xmpp.example', '10.0.0.1', '0.0.0.0', '::', 'localhost.example', '127.0.0.1.example']) {
    assert.match(refusal({ XMPP_PLAINTEXT_HOSTS: `localhost,${host}` }), /XMPP_PLAINTEXT_HOSTS/, host)
  }
  assert.match(refusal({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }), /XMPP_CA_FILE/)
})

test('Redis needs CREDENTIALS_KEY, and the refusal says how to make one', () => {
  assert.match(refusal({ REDIS_URL: 'redis://localhost' }), /→ at CREDENTIALS_KEY/)
  assert.match(refusal({ REDIS_URL: 'redis://localhost' }), /node -e .*randomBytes\(32\)/)
  const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const keys = `${fresh.toString('base64')},${old.toString('base64')}`
  const { redis, credentialsKeys } = withKeys({ REDIS_URL: 'redis://localhost', REDIS_WAIT_REPLICAS: '1', CREDENTIALS_KEY: keys })
  assert.deepEqual(redis, { url: 'redis://localhost', waitReplicas: 1 })
  assert.deepEqual(credentialsKeys, [fresh, old])
})

test('without API_KEYS one development key is made, kept in .env and used again', (t) => {
  const folder = folderOf(t)
  const first = readConfig({ env: {}, folder })
  assert.match(first.developmentKey ?? '', /^sgk_[\w-]{32,}$/)
  assert.equal(statSync(join(folder, '.env')).mode & 0o777, 0o600)
  const second = readConfig({ env: {}, folder })
  assert.equal(second.developmentKey, first.developmentKey)
  assert.deepEqual(second.apiKeys, [{ tenant: 'dev', hash: sha256(first.developmentKey ?? '') }])
  assert.equal(readFileSync(join(folder, '.env'), 'utf8').match(/DEVELOPMENT_KEY/g)?.length, 1)
})

test('a host that others reach is refused without API_KEYS, and no key is made for it', (t) => {
  const folder = folderOf(t)
  for (const HOST of ['0.0.0.0', '::', '192.168.1.2', 'gate.example']) {
    assert.throws(() => readConfig({ env: { HOST }, folder }), /API_KEYS/)
  }
  assert.ok(!existsSync(join(folder, '.env')))
  readConfig({ env: {}, folder })
  assert.throws(() => readConfig({ env: { HOST: '0.0.0.0' }, folder }), /API_KEYS/)
  assert.equal(withKeys({ HOST: '0.0.0.0' }).host, '0.0.0.0')
})
