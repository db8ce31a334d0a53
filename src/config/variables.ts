import { hostname } from 'node:os'
import { z } from 'zod'
import {
  apiKeyPattern,
  caFile,
  credentialsKeys,
  DAY,
  duration,
  HOUR,
  hosts,
  howToMakeKey,
  isHost,
  isLoopback,
  isSafeUrl,
  isSome,
  KiB,
  keys,
  MiB,
  number,
  origins,
  ports,
  rate,
  size,
  url,
} from './values.ts'

/** bytes: what a problem document or a short message takes */
const BODY_LIMIT_MIN = KiB
/** bytes that every server and client must take (RFC 6120 section 13.12) */
const STANZA_LIMIT_MIN = 10_000
/** beyond these a value is a slip: more than a process can hold, or anybody would wait for */
const BODY_LIMIT_MAX = 64 * MiB
const STANZA_LIMIT_MAX = 16 * MiB
const UPLOAD_LIMIT_MAX = 65_536 * MiB
const EVENT_LOG_MAX_MAX = 100_000_000
const EVENT_LOG_BYTES_MAX = 65_536 * MiB
const EVENT_LOG_AGE_MAX = 3650 * DAY
const SLOW_READER_MAX = 3600
const REPLICAS_MAX = 100
const CONNECTIONS_MAX = 1_000_000
const SESSIONS_MAX = 10_000_000

/** What each variable may be, and what it is where it is not set. */
export const schema = z
  .object({
    HOST: z
      .string()
      .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
      .refine(isHost, 'must be an address of this machine, or a name of one')
      .default('127.0.0.1'),
    PORT: number.refine((port) => port <= 65535, 'must be at most 65535').default(8080),
    INSTANCE_ID: z
      .string()
      .regex(/^[^\s\p{C}]{1,128}$/u, 'must have at most 128 characters, none of them a space or a control character')
      .default(hostname()),
    REDIS_URL: z
      .string()
      .regex(/^rediss?(?:\+\w+)?:\/\//, 'must begin with redis:// or rediss://')
      .optional(),
    REDIS_WAIT_REPLICAS: number.refine((count) => count <= REPLICAS_MAX, `must be at most ${REPLICAS_MAX}`).default(0),
    CREDENTIALS_KEY: credentialsKeys.optional(),
    API_KEYS: keys.optional(),
    DEVELOPMENT_KEY: z.string().regex(apiKeyPattern, 'must be sgk_ and at least 32 of A-Z a-z 0-9 _ -').optional(),
    METRICS_TOKEN: z
      .string()
      .min(16, 'must have at least 16 characters')
      .regex(/^[!-~]*$/, 'must have no characters but those of ASCII, and no space')
      .optional(),
    ALLOWED_ORIGINS: origins,
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    BODY_LIMIT: size
      .refine((bytes) => bytes >= BODY_LIMIT_MIN, 'must be at least 1KiB')
      .refine((bytes) => bytes <= BODY_LIMIT_MAX, 'must be at most 64MiB')
      .default(MiB),
    MAX_CONNECTIONS: number
      .refine(isSome, 'must be more than 0')
      .refine((count) => count <= CONNECTIONS_MAX, `must be at most ${CONNECTIONS_MAX}`)
      .optional(),
    STANZA_LIMIT: size
      .refine((bytes) => bytes >= STANZA_LIMIT_MIN, `must be at least ${STANZA_LIMIT_MIN} bytes (RFC 6120 section 13.12)`)
      .refine((bytes) => bytes <= STANZA_LIMIT_MAX, 'must be at most 16MiB')
      .default(256 * KiB),
    UPLOAD_LIMIT: size
      .refine(isSome, 'must be more than 0')
      .refine((bytes) => bytes <= UPLOAD_LIMIT_MAX, 'must be at most 65536MiB')
      .default(50 * MiB),
    XMPP_CA_FILE: caFile.optional(),
    XMPP_PRIVATE_HOSTS: hosts,
    XMPP_PLAINTEXT_HOSTS: hosts.refine((all) => all.every(isLoopback), 'must name loopback hosts only: passwords would leave in clear'),
    XMPP_PORTS: ports.default([5222, 5223, 443]),
    XMPP_PLAIN: z.enum(['last-resort', 'opt-in']).default('last-resort'),
    EVENT_LOG_MAX: number
      .refine(isSome, 'must be more than 0')
      .refine((count) => count <= EVENT_LOG_MAX_MAX, `must be at most ${EVENT_LOG_MAX_MAX}`)
      .default(100_000),
    EVENT_LOG_BYTES: size
      .refine(isSome, 'must be more than 0')
      .refine((bytes) => bytes <= EVENT_LOG_BYTES_MAX, 'must be at most 65536MiB')
      .default(64 * MiB),
    EVENT_LOG_AGE: duration
      .refine(isSome, 'must be more than 0')
      .refine((age) => age <= EVENT_LOG_AGE_MAX, 'must be at most 3650d')
      .default(72 * HOUR),
    SLOW_READER_SECONDS: z
      .string()
      .regex(/^\d+(?:\.\d+)?$/, 'must be a number of seconds')
      .transform(Number)
      .refine(isSome, 'must be more than 0')
      .refine((seconds) => seconds <= SLOW_READER_MAX, `must be at most ${SLOW_READER_MAX}`)
      .default(3),
    WEBHOOK_PRIVATE_HOSTS: hosts,
    CONSOLE: z.enum(['on', 'off']).default('on'),
    MCP: z.enum(['on', 'off']).default('off'),
    RATE_LIMIT_SEND: rate.optional(),
    RATE_LIMIT_READ: rate.optional(),
    RATE_LIMIT_OPEN: rate.optional(),
    MAX_SESSIONS: number
      .refine(isSome, 'must be more than 0')
      .refine((count) => count <= SESSIONS_MAX, `must be at most ${SESSIONS_MAX}`)
      .optional(),
    JWT_ISSUER: z.string().max(2_048).optional(),
    JWT_JWKS_URL: z.string().refine(isSafeUrl, 'must be an https URL; http only of this machine').optional(),
    JWT_AUDIENCE: z.string().max(2_048).optional(),
    OTEL_SDK_DISABLED: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false),
    OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
    OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/protobuf', 'http/json']).optional(),
    OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
    OTEL_SERVICE_NAME: z.string().optional(),
    OTEL_RESOURCE_ATTRIBUTES: z.string().optional(),
    OTEL_TRACES_SAMPLER: z
      .enum(['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'])
      .optional(),
    OTEL_TRACES_SAMPLER_ARG: z
      .string()
      .regex(/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/, 'must be a number from 0 to 1')
      .optional(),
    NODE_TLS_REJECT_UNAUTHORIZED: z
      .string()
      .refine(
        (value) => value !== '0',
        'must not be 0: it would switch off every certificate check; name your own authority with XMPP_CA_FILE',
      )
      .optional(),
  })
  .superRefine((read, context) => {
    const refuse = (variable: string, message: string) => context.addIssue({ code: 'custom', path: [variable], message })
    if (!isLoopback(read.HOST) && read.API_KEYS === undefined) {
      refuse(
        'API_KEYS',
        `must be set where HOST (${read.HOST}) is not loopback, like API_KEYS=main=sgk_… with at least 32 random characters`,
      )
    }
    const ofJwt = { JWT_ISSUER: read.JWT_ISSUER, JWT_JWKS_URL: read.JWT_JWKS_URL, JWT_AUDIENCE: read.JWT_AUDIENCE }
    const [set] = Object.entries(ofJwt).flatMap(([name, value]) => (value === undefined ? [] : name))
    for (const [name, value] of Object.entries(ofJwt))
      if (set !== undefined && value === undefined)
        refuse(name, `must be set with ${set}: JWTs need all of ${Object.keys(ofJwt).join(', ')}`)
    if (read.REDIS_URL !== undefined && read.CREDENTIALS_KEY === undefined) {
      refuse('CREDENTIALS_KEY', `must be set with REDIS_URL, passwords are kept sealed there; ${howToMakeKey}`)
    }
  })

/** Every variable that is read. */
export const variableNames: readonly string[] = Object.keys(schema.shape)
