import { existsSync, globSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { Problem } from '../errors/problem.ts'
import { policyOf, type ServedFile, sendFile, servedFile } from './served-file.ts'

/** where `npm run build` puts it, seen from src/ and from dist/ alike */
const built = fileURLToPath(new URL('../../dist/console', import.meta.url))
const PAGE = 'console.html'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Text from XMPP can be no script, whatever is done with it: nothing makes one of text (Trusted Types). */
const policy = policyOf({ 'require-trusted-types-for': `'script'`, 'trusted-types': `'none'` })

/** Serves the console at `/console`, and what it is made of below. It is read once, when it is first asked for. */
export function registerConsole(server: FastifyInstance): void {
  let files: Promise<ReadonlyMap<string, ServedFile>> | undefined
  async function file(name: string): Promise<ServedFile> {
    if (!existsSync(join(built, PAGE))) throw new Problem('not-found', 'The console is not built here. Run: npm run console')
    files ??= readFiles()
    const found = (await files).get(name)
    if (found === undefined) throw new Problem('not-found', 'The console has no such file.')
    return found
  }
  server.get('/console', { config: { token: 'none' } }, async (request, reply) =>
    sendFile(request, reply.header('content-security-policy', policy), await file(PAGE)),
  )
  server.get<{ Params: { name: string } }>('/console/:name', { config: { token: 'none' } }, async (request, reply) =>
    sendFile(request, reply.header('content-security-policy', policy), await file(`console/${request.params.name}`)),
  )
}

async function readFiles(): Promise<ReadonlyMap<string, ServedFile>> {
  const names = globSync('**/*.*', { cwd: built }).filter((name) => types[extname(name)] !== undefined)
  const made = names.map(async (name) => [name, await servedFile(types[extname(name)]!, readFileSync(join(built, name)))] as const)
  return new Map(await Promise.all(made))
}
