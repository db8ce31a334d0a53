/**
 * `npm run console`: src/console/ as files for browsers, in dist/console/. Done by `npm ci`, the build, the demo and the tests too;
 * where nothing has changed since, it is a matter of milliseconds.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { describedOperations } from './described.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const built = join(root, 'dist/console')
const STAMP = 'made-of'
const DESCRIBED = 'virtual:described'
const sources = ['package-lock.json', 'openapi.yaml', 'scripts/console.ts', 'scripts/described.ts']

/** Builds it where it is not there or not of these sources. Rejects with the fault that Vite found. */
export async function buildConsole(): Promise<void> {
  const stamp = stampOf()
  if (isMadeOf(stamp)) return
  const { build } = await import('vite')
  const outDir = join(root, 'dist', `console-${randomBytes(6).toString('hex')}`)
  mkdirSync(outDir, { recursive: true })
  try {
    await build({
      root: join(root, 'src/console'),
      configFile: false,
      logLevel: 'warn',
      // what the page names is beside it: a proxy may serve it under a prefix
      base: './',
      plugins: [moduleOfDescribed()],
      build: {
        outDir,
        emptyOutDir: true,
        // below /console
        assetsDir: 'console',
        rolldownOptions: { input: join(root, 'src/console/console.html') },
        target: 'es2023',
        // both would be refused by the policy of the page
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    })
    writeFileSync(join(outDir, STAMP), stamp)
    put(outDir, stamp)
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

/** The module in which the console reads what openapi.yaml says of operations. */
function moduleOfDescribed() {
  // written by a program: looking for keys that are there twice takes as long as the rest
  const described = describedOperations(parse(readFileSync(join(root, 'openapi.yaml'), 'utf8'), { uniqueKeys: false }))
  return {
    name: 'described',
    resolveId: (id: string) => (id === DESCRIBED ? id : undefined),
    load: (id: string) => (id === DESCRIBED ? `export const described = ${JSON.stringify(described)}` : undefined),
  }
}

/** In the place of the one before; somebody else may be doing the same. */
function put(outDir: string, stamp: string): void {
  rmSync(built, { recursive: true, force: true })
  try {
    renameSync(outDir, built)
  } catch (error) {
    if (!isMadeOf(stamp)) throw error
  }
}

function isMadeOf(stamp: string): boolean {
  const file = join(built, STAMP)
  return existsSync(file) && readFileSync(file, 'utf8') === stamp
}

function stampOf(): string {
  const hash = createHash('sha256')
  for (const path of [...sources, ...globSync('src/{console,client}/**/*.*', { cwd: root }).sort()])
    hash.update(`${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // an installation without the tools of the build gets the console with the package
  if (existsSync(join(root, 'node_modules/vite'))) await buildConsole()
}
