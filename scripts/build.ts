/** `npm run build`: src/ as JavaScript in dist/, with everything beside it that is no TypeScript, the types of the client, and the console. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildConsole } from './console.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

// the console may be in use, and is made anew by itself
for (const path of globSync('dist/*', { cwd: root, exclude: ['dist/console*'] })) rmSync(join(root, path), { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'tsconfig.client.json']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
// the compiler writes the endings of imports anew in JavaScript alone
for (const path of globSync('dist/client/*.d.ts', { cwd: root })) {
  const file = join(root, path)
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"))
}
for (const path of globSync('src/**/*', { cwd: root, exclude: ['src/console/**'] })) {
  if (path.endsWith('.ts') || !statSync(join(root, path)).isFile()) continue
  const target = join(root, path.replace(/^src/, 'dist'))
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(root, path), target)
}
await buildConsole()
