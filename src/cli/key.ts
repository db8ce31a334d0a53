import { randomBytes } from 'node:crypto'
import type { Params } from '../client/client.ts'
import { type AddCommand, USAGE } from './cli.ts'

/** With scopes makes a key by `POST /keys`; without, a pair for `API_KEYS`: nothing is asked of a gateway then, and nothing is kept. */
export const addKey: AddCommand = (program, cli) => {
  program
    .command('key')
    .description('make an API key: with --scopes one that may do that, by a gateway; else one for its variable API_KEYS')
    .argument('[name]', 'what it is for; of one for API_KEYS the tenant', 'main')
    .option('--scopes <scopes>', 'what it may do, with commas')
    .option('--sessions <accounts>', 'whose sessions there are for it, with commas: bare JIDs, *@domain')
    .option('--recipients <jids>', 'whom it may write to, with commas: JIDs, @domain')
    .option('--expires <time>', 'until when it is good, RFC 3339')
    .action(async (name: string, { scopes, sessions, recipients, expires }) => {
      if (scopes === undefined) {
        if (sessions ?? recipients ?? expires) program.error('Say with --scopes what it may do', { exitCode: USAGE })
        return makePair(name)
      }
      const made = await cli.client().keys.create({
        name,
        scopes: scopes.split(',') as Params<'keys.create'>['scopes'],
        ...(sessions !== undefined && { sessions: listOf(sessions) }),
        ...(recipients !== undefined && { recipients: listOf(recipients) }),
        ...(expires !== undefined && { expiresAt: expires }),
      })
      cli.result(made, `${made.id}  ${made.key}`)
    })

  function makePair(tenant: string): void {
    if (!/^[\w.-]{1,64}$/.test(tenant))
      program.error('A tenant is up to 64 letters, digits, dots, hyphens and underscores', { exitCode: USAGE })
    const key = `sgk_${randomBytes(24).toString('base64url')}`
    cli.result({ tenant, key }, `API_KEYS=${tenant}=${key}`)
  }
}

function listOf(text: string): [string, ...string[]] {
  const [first = '', ...others] = text.split(',')
  return [first, ...others]
}
