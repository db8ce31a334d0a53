/** `npm run openapi`: writes openapi.yaml and asyncapi.yaml from the operations and events of all rooms. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config/config.ts'
import { toYaml } from '../src/http/openapi.ts'
import { makeKey } from '../test/support/gateway.ts'

/** where each is kept */
export const documentFiles = {
  openapi: fileURLToPath(new URL('../openapi.yaml', import.meta.url)),
  asyncapi: fileURLToPath(new URL('../asyncapi.yaml', import.meta.url)),
}

/** The documents as they follow from the code. */
export async function generateDocuments(): Promise<Record<keyof typeof documentFiles, string>> {
  const env = { API_KEYS: `main=${makeKey()}`, LOG_LEVEL: 'silent' }
  const app = await buildApp(readConfig({ env, folder: '/nowhere' }))
  try {
    const { openapi, asyncapi } = app.documents
    return { openapi: toYaml(openapi()), asyncapi: toYaml(asyncapi()) }
  } finally {
    await app.stop()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { openapi, asyncapi } = await generateDocuments()
  writeFileSync(documentFiles.openapi, openapi)
  writeFileSync(documentFiles.asyncapi, asyncapi)
}
