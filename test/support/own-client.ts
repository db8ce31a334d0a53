/** `stanzagate/client` as it is in src/, for a program that imports it as users do: node --import this. */
import { registerHooks } from 'node:module'

const url = new URL('../../src/client/client.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) => (specifier === 'stanzagate/client' ? { url, shortCircuit: true } : next(specifier, context)),
})
