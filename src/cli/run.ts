import { Command } from 'commander'
import { createClient } from '../client/client.ts'
import { version } from '../version.ts'
import { type AddCommand, type Cli, DONE, USAGE } from './cli.ts'
import { addDoctor } from './doctor.ts'
import { addEvents } from './events.ts'
import { failureOf } from './failure.ts'
import { addKey } from './key.ts'
import { addListen } from './listen.ts'
import { addSend, addTranslate } from './messages.ts'
import { createOutput } from './output.ts'
import { addRooms } from './rooms.ts'
import { addPresence, addRoster } from './roster.ts'
import { addSessions } from './sessions.ts'
import { addWebhooks } from './webhooks.ts'

/** where a gateway listens by default */
const DEFAULT_URL = 'http://127.0.0.1:8080'

/** in the order of the help */
const commands: readonly AddCommand[] = [
  ...[addSend, addSessions, addEvents, addRoster, addPresence, addRooms, addWebhooks],
  ...[addTranslate, addListen, addDoctor, addKey],
]

const environment = `
Environment:
  STANZAGATE_URL      where the gateway is (default: ${DEFAULT_URL})
  STANZAGATE_KEY      API key or session token
  STANZAGATE_SESSION  session of the commands that act for one

Exit code: 0 done, 1 a problem, 2 wrongly used, 3 timed out`

export interface Surroundings {
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  input: () => Promise<string>
  out: (text: string) => void
  err: (text: string) => void
  /** starts the gateway in this process, which ends it by itself */
  serve: () => Promise<unknown>
}

/** Runs one command line; resolves with its exit code, or undefined when the gateway was started. */
export async function run({ args, env, input, out, err, serve }: Surroundings): Promise<number | undefined> {
  const { STANZAGATE_URL, STANZAGATE_KEY, STANZAGATE_SESSION } = env
  const url = (STANZAGATE_URL || DEFAULT_URL).replace(/\/+$/, '')
  const program = new Command('stanzagate')
  let serving = false
  const options = () => program.opts<{ json?: true; session?: string }>()
  const cli: Cli = {
    ...createOutput({ write: out, json: () => options().json === true }),
    client() {
      if (!STANZAGATE_KEY) return program.error('STANZAGATE_KEY is not set: it is an API key or a session token', { exitCode: USAGE })
      if (!URL.canParse(url)) return program.error('STANZAGATE_URL is no URL', { exitCode: USAGE })
      return createClient({ url, token: STANZAGATE_KEY })
    },
    url,
    session() {
      const session = options().session ?? STANZAGATE_SESSION
      return session ? { session } : {}
    },
    input,
    env,
  }

  program
    .description('An XMPP-to-HTTP gateway. Without a command it starts the gateway.')
    .version(version, '--version')
    .helpOption('-h, --help', 'show this help')
    .option('--session <session>', 'id, bare or full JID of the session')
    .option('--json', 'write results as JSON, one a line')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', environment)
  program
    .command('serve')
    .description('start the gateway; variables of the environment configure it')
    .action(() => {
      serving = true
    })
  for (const add of commands) add(program, cli)

  try {
    await program.parseAsync(args, { from: 'user' })
    if (!serving) return DONE
    await serve()
    return undefined
  } catch (error) {
    const { exitCode, text } = failureOf(error, url)
    if (text !== '') err(`${text}\n`)
    return exitCode
  }
}
