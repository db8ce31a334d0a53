/** `npm run openapi`: writes openapi.yaml from the operations of all rooms. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config/config.ts'
import { toYaml } from '../src/http/openapi.ts'
import { makeKey } from '../test/support/gateway.ts'

export const openapiFile = fileURLToPath(new URL('../openapi.yaml', import.meta.url))

/** The document as it follows from the code. */
export async function generateOpenapi(): Promise<string> {
  const env = { API_KEYS: `main=${makeKey()}`, LOG_LEVEL: 'silent' }
  const app = await buildApp(readConfig({ env, folder: '/nowhere' }))
  try {
    return toYaml(app.document())
  } finally {
    await app.stop()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(openapiFile, await generateOpenapi())
