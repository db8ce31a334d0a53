/** `npm run build`: src/ as JavaScript in dist/, with everything beside it that is no TypeScript. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(1)
for (const path of globSync('src/**/*', { cwd: root })) {
  if (path.endsWith('.ts') || !statSync(join(root, path)).isFile()) continue
  const target = join(root, path.replace(/^src/, 'dist'))
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(root, path), target)
}
