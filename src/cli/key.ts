import { randomBytes } from 'node:crypto'
import { type AddCommand, USAGE } from './cli.ts'

/** Makes a pair for `API_KEYS`; nothing is asked of a gateway, and nothing is kept. */
export const addKey: AddCommand = (program, cli) => {
  program
    .command('key')
    .description('make an API key for the variable API_KEYS of a gateway')
    .argument('[tenant]', 'whom it is for', 'main')
    .action((tenant: string) => {
      if (!/^[\w.-]{1,64}$/.test(tenant))
        program.error('A tenant is up to 64 letters, digits, dots, hyphens and underscores', { exitCode: USAGE })
      const key = `sgk_${randomBytes(24).toString('base64url')}`
      cli.result({ tenant, key }, `API_KEYS=${tenant}=${key}`)
    })
}
