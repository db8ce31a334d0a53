import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { parse } from 'yaml'
import { generateClient } from '../../scripts/client.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

test('types and table of the client are those of openapi.yaml', async () => {
  const { types, operations } = await generateClient(parse(read('openapi.yaml')))
  assert.equal(read('src/client/types.ts'), types, 'run npm run client')
  assert.equal(read('src/client/operations.ts'), operations, 'run npm run client')
})

test('an operation with one name in two places is refused', async () => {
  const document = parse(read('openapi.yaml'))
  document.paths['/messages'].post.parameters.push({ in: 'query', name: 'body', schema: { type: 'string' } })
  await assert.rejects(generateClient(document), { message: 'messages.send has body in two places' })
})

test('the client imports nothing but itself, and is small', async () => {
  for (const file of globSync('src/client/*.ts', { cwd: fileURLToPath(root) })) {
    const imports = [...read(file).matchAll(/\bfrom '([^']+)'|\bimport\(/g)].map(([, name]) => name)
    assert.deepEqual(
      imports.filter((name) => !name?.startsWith('./')),
      [],
      file,
    )
  }
  const entryPoints = [fileURLToPath(new URL('src/client/client.ts', root))]
  const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: 'esm', platform: 'browser', write: false })
  assert.ok(gzipSync(outputFiles[0]!.contents).length < 12 * 1024)
})
