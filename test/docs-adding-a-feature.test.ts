/** The example of docs/adding-a-feature.md compiles against the house as it is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'docs/adding-a-feature.md'), 'utf8')
/** beside the dependencies, where packages are found */
const folder = join(root, 'node_modules/.cache/adding-a-feature')

test('the example compiles', (context) => {
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const blocks = [...text.matchAll(/^```ts\n\/\/ (src\/\S+)\n([\s\S]*?)^```$/gm)].map((match) => ({ path: match[1]!, code: match[2]! }))
  assert.equal(blocks.length, text.split('```ts').length - 1, 'every block says which file it is')
  const isExample = (path: string) => blocks.some((block) => block.path === path)
  for (const { path, code } of blocks) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    const linked = code.replaceAll(/from '(\.[^']+)'/g, (all, name: string) => {
      const named = join(dirname(path), name)
      return isExample(named) ? all : `from '${join(root, named)}'`
    })
    writeFileSync(target, linked)
  }
  const options = {
    extends: join(root, 'tsconfig.json'),
    include: ['src'],
    compilerOptions: { rootDir: '/', rewriteRelativeImportExtensions: false },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
})
