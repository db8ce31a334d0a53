import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import type { StoreLimits } from '../gateway/ports/store.ts'
import { openMax } from './descriptors.ts'
import { contradictions, type Hint, misspelt } from './hints.ts'
import { type ApiKey, HOUR, MiB, oldSpaceOf, sha256, tidy } from './values.ts'
import { schema, variableNames } from './variables.ts'

/** Bounds that nobody had to change yet; those with a variable of their own are defaults in variables.ts. */
const VOLATILE_MAX = 2_000
const VOLATILE_BYTES = 4 * MiB
const OUTBOX_MAX = 10_000
const OUTBOX_BYTES = 64 * MiB
const KEPT_MAX = 500_000
const KEPT_BYTES = 256 * MiB
const DEDUP_AGE = 24 * HOUR
const RECORD_AGE = 72 * HOUR
const IDEMPOTENCY_AGE = 24 * HOUR

/** so much in so many ms */
interface Rate {
  quota: number
  window: number
}

export interface Config {
  host: string
  port: number
  instance: string
  redis: { url: string; waitReplicas: number } | null
  /** 32 bytes each; the first seals, all open. Without CREDENTIALS_KEY one that lives as long as the process. */
  credentialsKeys: readonly Buffer[]
  apiKeys: readonly ApiKey[]
  /** in clear, to be printed; only where no API_KEYS are set */
  developmentKey: string | null
  /** SHA-256 of METRICS_TOKEN */
  metricsTokenHash: Buffer | null
  /** origins like `https://app.example`, or `*` */
  allowedOrigins: readonly string[]
  logLevel: string
  /** bytes */
  bodyLimit: number
  /** connections of callers at one time */
  maxConnections: number
  /** open descriptors for connections of callers and to XMPP servers; those above are held back */
  descriptors: number
  /** bytes of one stanza, each way */
  stanzaLimit: number
  /** bytes of a file */
  uploadLimit: number
  xmpp: {
    /** PEM of authorities trusted beside the system's */
    caFile: string | undefined
    privateHosts: readonly string[]
    plaintextHosts: readonly string[]
    ports: readonly number[]
    /** where a password may be shown to a server, over TLS and after everything better */
    plain: 'last-resort' | 'opt-in'
  }
  limits: Readonly<StoreLimits>
  slowReaderSeconds: number
  /** is it served at /console? */
  console: boolean
  /** are there tools for assistants at /mcp? */
  mcp: boolean
  webhookPrivateHosts: readonly string[]
  /** how often a key or a session token may call, by class of operations */
  rateLimits: Readonly<{ send?: Rate; read?: Rate; open?: Rate }>
  /** whose JWTs are taken */
  jwt: Readonly<{ issuer: string; jwksUrl: string; audience: string }> | undefined
  /** the variables of OpenTelemetry; undefined: no spans are wanted */
  tracing: Readonly<Record<string, string>> | undefined
  /** bytes of the heap for what is old, where Node was told */
  oldSpace: number | null
  /** what is probably not what was meant: told at the start */
  hints: readonly Hint[]
}

/** What is wrong with the configuration, as text for a person. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads the configuration from the environment, which beats the `.env` of the folder. Throws ConfigError.
 * Without API_KEYS it makes a development key and keeps it in that `.env`.
 */
export function readConfig({
  env,
  folder,
  flags = [],
}: {
  env: Readonly<Record<string, string | undefined>>
  folder: string
  /** what Node was started with */
  flags?: readonly string[]
}): Config {
  const file = join(folder, '.env')
  const descriptors = openMax()
  const variables = present({ ...present(readEnvFile(file)), ...present(env) })
  const slips = misspelt(variables, variableNames)
  const parsed = schema.safeParse(variables)
  const faults = faultsOf(variables, parsed.error?.issues ?? [])
  if (!parsed.success || faults.length > 0) throw refusal(faults, slips)
  const read = parsed.data
  const developmentKey = read.API_KEYS ? null : (read.DEVELOPMENT_KEY ?? makeDevelopmentKey(file))
  return Object.freeze({
    host: read.HOST,
    port: read.PORT,
    instance: read.INSTANCE_ID,
    redis: read.REDIS_URL === undefined ? null : { url: read.REDIS_URL, waitReplicas: read.REDIS_WAIT_REPLICAS },
    credentialsKeys: read.CREDENTIALS_KEY ?? [randomBytes(32)],
    apiKeys: read.API_KEYS ?? [{ tenant: 'dev', hash: sha256(developmentKey as string) }],
    developmentKey,
    metricsTokenHash: read.METRICS_TOKEN === undefined ? null : sha256(read.METRICS_TOKEN),
    allowedOrigins: read.ALLOWED_ORIGINS,
    logLevel: read.LOG_LEVEL,
    bodyLimit: read.BODY_LIMIT,
    maxConnections: read.MAX_CONNECTIONS ?? Math.floor(descriptors / 2),
    descriptors,
    stanzaLimit: read.STANZA_LIMIT,
    uploadLimit: read.UPLOAD_LIMIT,
    xmpp: {
      caFile: read.XMPP_CA_FILE,
      privateHosts: read.XMPP_PRIVATE_HOSTS,
      plaintextHosts: read.XMPP_PLAINTEXT_HOSTS,
      ports: read.XMPP_PORTS,
      plain: read.XMPP_PLAIN,
    },
    limits: {
      eventLogMax: read.EVENT_LOG_MAX,
      eventLogBytes: read.EVENT_LOG_BYTES,
      eventLogAge: read.EVENT_LOG_AGE,
      volatileMax: VOLATILE_MAX,
      volatileBytes: VOLATILE_BYTES,
      outboxMax: OUTBOX_MAX,
      outboxBytes: OUTBOX_BYTES,
      keptMax: KEPT_MAX,
      keptBytes: KEPT_BYTES,
      dedupAge: DEDUP_AGE,
      recordAge: RECORD_AGE,
      idempotencyAge: IDEMPOTENCY_AGE,
      ...(read.MAX_SESSIONS !== undefined && { maxSessions: read.MAX_SESSIONS }),
    },
    slowReaderSeconds: read.SLOW_READER_SECONDS,
    console: read.CONSOLE === 'on',
    mcp: read.MCP === 'on',
    webhookPrivateHosts: read.WEBHOOK_PRIVATE_HOSTS,
    rateLimits: {
      ...(read.RATE_LIMIT_SEND && { send: read.RATE_LIMIT_SEND }),
      ...(read.RATE_LIMIT_READ && { read: read.RATE_LIMIT_READ }),
      ...(read.RATE_LIMIT_OPEN && { open: read.RATE_LIMIT_OPEN }),
    },
    jwt: jwtOf(read),
    tracing: isTraced(read) ? otelOf(variables) : undefined,
    oldSpace: oldSpaceOf([env.NODE_OPTIONS ?? '', ...flags]),
    hints: [...slips, ...contradictions(variables, { bodyLimit: read.BODY_LIMIT, stanzaLimit: read.STANZA_LIMIT })],
  })
}

function jwtOf({ JWT_ISSUER: issuer, JWT_JWKS_URL: jwksUrl, JWT_AUDIENCE: audience }: z.output<typeof schema>): Config['jwt'] {
  return issuer === undefined || jwksUrl === undefined || audience === undefined ? undefined : { issuer, jwksUrl, audience }
}

const isTraced = (read: z.output<typeof schema>) =>
  !read.OTEL_SDK_DISABLED && (read.OTEL_EXPORTER_OTLP_ENDPOINT ?? read.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) !== undefined

/** All of them, for OpenTelemetry has more than are read here. */
function otelOf(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all = Object.entries(variables).filter(([name]) => name.startsWith('OTEL_'))
  return Object.fromEntries(all.map(([name, value = '']) => [name, value]))
}

/** What is wrong, one thing of each variable: what was pasted with more than the value says nothing by itself. */
function faultsOf(
  variables: Readonly<Record<string, string | undefined>>,
  found: readonly z.core.$ZodIssue[],
): readonly z.core.$ZodIssue[] {
  const untidy = variableNames.flatMap((name) =>
    (tidy.optional().safeParse(variables[name]).error?.issues ?? []).slice(0, 1).map((issue) => ({ ...issue, path: [name] })),
  )
  return [...untidy, ...found.filter(({ path: [name] }) => !untidy.some(({ path: [other] }) => name === other))]
}

function refusal(issues: readonly z.core.$ZodIssue[], slips: readonly Hint[]): ConfigError {
  const told = slips.map(({ message }) => `✖ ${message}`)
  return new ConfigError([z.prettifyError({ issues }), ...told].join('\n'))
}

function readEnvFile(file: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function makeDevelopmentKey(file: string): string {
  const key = `sgk_${randomBytes(24).toString('base64url')}`
  try {
    appendFileSync(file, `\n# made for development because API_KEYS is not set\nDEVELOPMENT_KEY=${key}\n`, { mode: 0o600 })
  } catch {
    // a folder that cannot be written to: the key is for this run only
  }
  return key
}

const present = (variables: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
