/** `--import` of a gateway that is of the next version: what it writes to the store only that one knows, and it reads what this one wrote. */
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/store/redis/envelope.ts')) return loaded
    const source = String(loaded.source)
      .replace('ENVELOPE_VERSION = 1', 'ENVELOPE_VERSION: number = 2')
      .replace('envelope?.v === ENVELOPE_VERSION', 'envelope && Number(envelope.v) <= ENVELOPE_VERSION')
    return { ...loaded, source }
  },
})
