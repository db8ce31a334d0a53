import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { version } from '../src/version.ts'
import { startGateway } from './support/gateway.ts'
import { dieWithParent, temporaryFolder } from './support/processes.ts'
import { startProsody } from './support/prosody.ts'
import { startRedis } from './support/redis.ts'
import { startClient } from './support/second-client.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('the npm package', () => {
  let folder: string
  let files: string[]
  const bin = () => join(folder, 'package/bin/stanzagate.cjs')

  before(() => {
    folder = temporaryFolder('package')
    // npm pack runs the build by itself
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, npm_config_loglevel: 'silent' },
    })
    const [tarball] = JSON.parse(packed.slice(packed.indexOf('['))) as { filename: string; files: { path: string }[] }[]
    files = tarball!.files.map(({ path }) => path)
    execFileSync('tar', ['-xzf', join(folder, tarball!.filename), '-C', folder])
    symlinkSync(join(root, 'node_modules'), join(folder, 'package/node_modules'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('holds the built program, its licence and its description, and nothing else', () => {
    const rooms = new Set(files.map((path) => path.split('/')[0]!))
    assert.deepEqual([...rooms].sort(), ['LICENSE', 'README.md', 'bin', 'dist', 'openapi.yaml', 'package.json'])
    assert.deepEqual(
      files.filter((path) => (path.endsWith('.ts') && !/^dist\/client\/[\w-]+\.d\.ts$/.test(path)) || /(^|\/)test\/|\.test\./.test(path)),
      [],
    )
  })

  it('runs as `stanzagate`', async () => {
    const gateway = await startGateway({ args: [bin()], env: { MCP: 'on' } })
    try {
      assert.equal((await gateway.api('GET', '/health/live', { key: null })).status, 200)
      assert.equal((await gateway.api('POST', '/mcp', { body: {} })).body.code, 'session-required')
      assert.equal((await gateway.api('GET', '/openapi.yaml', { key: null })).status, 200)
    } finally {
      assert.equal(await gateway.stop(), 0)
    }
  })

  it('has what it needs for Redis', async () => {
    const redis = await startRedis()
    const gateway = await startGateway({ args: [bin()], redis })
    try {
      assert.equal((await gateway.api('GET', '/health/ready', { key: null })).status, 200)
    } finally {
      assert.equal(await gateway.stop(), 0)
      await redis.stop()
    }
  })

  it('has the command line beside the gateway', () => {
    const { status, stdout } = spawnSync(process.execPath, [bin(), '--version'], { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [0, `${version}\n`])
  })

  it('says what it needs on an older Node', () => {
    const older = join(folder, 'older.cjs')
    writeFileSync(older, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.4' } })`)
    const { status, stderr } = spawnSync(process.execPath, ['--require', older, bin()], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(stderr, 'stanzagate needs Node ≥ 22.19; this is 20.19.4\n')
    assert.ok(existsSync(bin()))
  })

  /** A project that has the package and nothing else, but for the types of Node where it asks for them. */
  function project(name: string, file: string, text: string | undefined, options: object): { dir: string; check: () => string } {
    const dir = join(folder, name)
    mkdirSync(join(dir, 'node_modules/@types'), { recursive: true })
    const filter = (path: string) => path !== join(folder, 'package/node_modules')
    cpSync(join(folder, 'package'), join(dir, 'node_modules/stanzagate'), { recursive: true, filter })
    for (const types of ['@types/node', 'undici-types']) symlinkSync(join(root, 'node_modules', types), join(dir, 'node_modules', types))
    if (text === undefined) cpSync(join(root, 'examples', file), join(dir, file))
    else writeFileSync(join(dir, file), text)
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, type: 'module' }))
    const compilerOptions = { strict: true, skipLibCheck: false, target: 'es2022', outDir: 'out', ...options }
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    return { dir, check: () => spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' }).stdout }
  }

  it('has a client that compiles in a strict project with the types of a browser alone, and finds what is wrong', () => {
    const text = `import { createClient, StanzagateProblem, verifyWebhook, type Event } from 'stanzagate/client'
const client = createClient({ url: location.origin, getTicket: async () => 'sgt_…' })
const sent: Promise<{ id: string; status: string }> = client.messages.send({ to: 'romeo@example.net', body: 'Hi' })
for await (const event of client.events({ types: ['message.received'] })) if (event.type === 'message.received') event.data.body?.trim()
export const seen: Event = await verifyWebhook('', new Headers(), 'whsec_')
export const codeOf = (error: unknown) => (error instanceof StanzagateProblem ? error.code : undefined)
void sent
// @ts-expect-error what a message has not
void client.messages.send({ to: 'romeo@example.net', text: 'Hi' })
// @ts-expect-error it has no recipient
void client.call('messages.send', { body: 'Hi' })
// @ts-expect-error no such operation
void client.messages.shout({})
`
    const options = {
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: [],
      exactOptionalPropertyTypes: true,
    }
    assert.equal(project('browser', 'page.ts', text, options).check(), '')
  })

  it('has what the bridge of the examples needs: it compiles in a strict project', () => {
    assert.equal(project('bridge', 'bridge.ts', undefined, { module: 'nodenext', types: ['node'] }).check(), '')
  })

  it('has what the bot of the README needs: it compiles in an empty project, and answers once', async () => {
    const { dir, check } = project('bot', 'bot.ts', undefined, { module: 'nodenext', types: ['node'] })
    assert.equal(check(), '')
    const server = await startProsody({ users: { bot: 'bot-password', romeo: 'romeo-password' } })
    const gateway = await startGateway({ server, args: [bin()] })
    const [program = '', ...args] = [...dieWithParent(), process.execPath, join(dir, 'out/bot.js')]
    const { PATH = '' } = process.env
    const env = {
      PATH,
      URL: gateway.url,
      KEY: gateway.key,
      JID: 'bot@localhost',
      PASSWORD: 'bot-password',
      SERVICE: server.service,
    }
    const bot = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(createInterface({ input: bot.stdout }), 'line')
      assert.equal(line, 'bot@localhost is online')
      const romeo = await startClient({ server, jid: 'romeo@localhost', password: 'romeo-password' })
      for (const body of ['Hello', 'Again']) {
        romeo.send(`<message type="chat" to="bot@localhost"><body>${body}</body></message>`)
        const { xml } = await romeo.next(({ name, children }) => name === 'message' && children.length > 0)
        assert.match(xml, new RegExp(`You said: ${body}`))
      }
      await romeo.stop()
    } finally {
      bot.kill()
      await gateway.stop()
      await server.stop()
    }
  })
})
