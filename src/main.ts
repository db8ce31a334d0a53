import { buildApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config/config.ts'
import { Problem } from './errors/problem.ts'

/** ms that a stop may take, before the process ends anyway */
const STOP_WITHIN = 25_000
/** ms for what was logged to be written before the process ends */
const FLUSH_WITHIN = 500
/** ms in which another signal is the same one again: npm forwards what the terminal sent to the whole group already */
const SAME_SIGNAL = 2_000

/** what to set where the server cannot listen, by the code of the error */
const listenFaults: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'This machine has no such address: set HOST to one that it has.',
  ENOTFOUND: 'The name has no address: set HOST to an address of this machine.',
  EAI_AGAIN: 'The name cannot be looked up now: set HOST to an address of this machine.',
  EACCES: 'The process may not: set PORT to 1024 or more.',
}

// what nobody reads, or no disk has room for, is no fault of ours
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const config = configOrExit()
// the packages of OpenTelemetry read them there, and those of `.env` are not there yet
Object.assign(process.env, config.tracing)
const app = await buildApp(config).catch((error: unknown) => {
  // what a person can set right: the address of Redis, or Redis itself
  if (error instanceof Problem || error instanceof RangeError) return exitWith(error.message)
  throw error
})
const { log } = app

// one line each, where all lines go: node itself would wait for whoever reads standard error
process.removeAllListeners('warning')
process.on('warning', (err) => log.warn({ event: 'warning', err }, 'A warning of Node'))
process.on('uncaughtException', (err) => {
  log.fatal({ event: 'crash', err }, 'A fault that nothing caught')
  endNow(1)
})

stopOnSignals()
try {
  const { address, port } = await app.start()
  const host = address.includes(':') ? `[${address}]` : address
  log.info({ event: 'listening', address, port, store: config.redis ? 'redis' : 'memory' }, `Listening on http://${host}:${port}`)
  for (const { variable, message } of config.hints) log.warn({ event: 'config', variable }, message)
  if (!config.redis) log.warn({ event: 'start' }, 'The store is in memory: sessions, events and messages end with this process')
  if (config.developmentKey !== null) {
    process.stdout.write(`API_KEYS is not set. For development, with this API key: ${config.developmentKey}\n`)
  }
} catch (error) {
  await app.stop().catch(() => undefined)
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    exitWith(`Port ${config.port} on ${config.host} is in use. Set PORT to another one, or to 0 for any that is free.`)
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error
  exitWith(`Cannot listen on HOST ${config.host}, PORT ${config.port} (${code}). ${listenFaults[code] ?? 'Set them to others.'}`)
}

function configOrExit(): Config {
  try {
    return readConfig({ env: process.env, folder: process.cwd(), flags: process.execArgv })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return exitWith(`The configuration is wrong:\n${error.message}`)
  }
}

function stopOnSignals(): void {
  let asked = 0
  let since = Number.NEGATIVE_INFINITY
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (now - since < SAME_SIGNAL) return
    since = now
    asked += 1
    if (asked === 1) void stop(signal)
    else if (asked === 2) log.warn({ event: 'stopping', signal }, 'Stopping already; asked once more it ends at once')
    else {
      log.warn({ event: 'stopping', signal }, 'Asked a third time: ending at once')
      endNow(1)
    }
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  log.info({ event: 'stopping', signal }, 'Stopping')
  setTimeout(() => {
    log.error({ event: 'stopping' }, 'Not stopped in time: ending anyway')
    endNow(1)
  }, STOP_WITHIN).unref()
  try {
    await app.stop()
    log.info({ event: 'stopped' }, 'Stopped')
    endNow(0)
  } catch (err) {
    log.error({ event: 'crash', err }, 'The stop failed')
    endNow(1)
  }
}

/** Ends the process when the log is written, or shortly after. */
function endNow(code: number): void {
  setTimeout(() => process.exit(code), FLUSH_WITHIN)
  log.flush(() => process.exit(code))
}

function exitWith(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
