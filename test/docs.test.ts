import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { variableNames } from '../src/config/variables.ts'
import { problemCodes } from '../src/errors/catalogue.ts'
import { logEvents } from '../src/gateway/ports/log.ts'
import { createMetrics } from '../src/http/metrics.ts'
import { streamCondition } from '../src/xmpp/conditions.ts'
import { startEjabberd } from './support/ejabberd.ts'
import { startProsody } from './support/prosody.ts'
import type { XmppServer } from './support/xmpp-server.ts'
import { connectorFor, follow } from './xmpp/support.ts'

const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8')
const section = (title: string) => page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? assert.fail(`no section ${title}`)
/** code words in the first column of the tables of a section */
const firstColumn = (title: string) =>
  section(title)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, word]) => word!))

describe('every page', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const pages = globSync(['*.md', '{docs,examples,deploy}/**/*.md'], { cwd: root })
  const linksOf = (file: string) => [...readFileSync(join(root, file), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)

  it('leads to files that are there', () => {
    const missing = pages.flatMap((file) =>
      linksOf(file)
        .filter((link) => !/^(?:[a-z]+:|#|\/)/.test(link))
        .filter((link) => !existsSync(join(root, dirname(file), link.split('#')[0]!)))
        .map((link) => `${file}: ${link}`),
    )
    assert.ok(pages.length > 20)
    assert.deepEqual(missing, [])
  })

  it('of docs/ is found from its first page, or from that of its folder', () => {
    const listed = (index: string) => linksOf(index).map((link) => join(dirname(index), link.split('#')[0]!))
    const found = new Set(['docs/README.md', 'docs/decisions/README.md'].flatMap(listed))
    assert.deepEqual(
      pages.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md' && !found.has(file)),
      [],
    )
  })
})

describe('docs/security-model.md', () => {
  const model = readFileSync(new URL('../docs/security-model.md', import.meta.url), 'utf8')
  const words = [...model.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)

  it('names variables and problems that there are, and is linked from where operators look', () => {
    const variables = words.filter((word) => /^[A-Z]+(?:_[A-Z]+)+(?:=|$)/.test(word)).map((word) => word.split('=')[0]!)
    const codes = words.filter((word) => /^[a-z]+(?:-[a-z]+)+$/.test(word))
    assert.ok(variables.length > 10 && codes.length > 4)
    assert.deepEqual(
      variables.filter((name) => !variableNames.includes(name)),
      [],
    )
    assert.deepEqual(
      codes.filter((code) => !(problemCodes as readonly string[]).includes(code)),
      [],
    )
    assert.match(page, /\(security-model\.md\)/)
    assert.match(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), /\(docs\/security-model\.md\)/)
  })
})

describe('docs/operations.md', () => {
  it('explains every event of the log, and no other', () => {
    assert.deepEqual(firstColumn('Log').toSorted(), [...logEvents].toSorted())
  })

  it('explains every metric, and no other', async () => {
    const { text } = await createMetrics({ version: '0', redis: true }).exposition()
    const declared = [...text.matchAll(/^# TYPE stanzagate_(\w+)/gm)].map(([, name]) => name)
    assert.deepEqual(firstColumn('Metrics').toSorted(), declared.toSorted())
  })

  it('explains every bound that is counted, and no other', () => {
    const src = fileURLToPath(new URL('../src', import.meta.url))
    const sources = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(`${src}/${file}`, 'utf8'))
    const counted = sources.flatMap((source) => [...source.matchAll(/(?:\bbound: |\.full\()'([a-z-]+)'/g)])
    assert.deepEqual(firstColumn('Bounds').toSorted(), [...new Set(counted.map(([, name]) => name!))].toSorted())
  })

  it('names problems and variables that there are', () => {
    assert.deepEqual(
      firstColumn('Problems').filter((code) => !(problemCodes as readonly string[]).includes(code)),
      [],
    )
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)\b/g)].map(([, name]) => name!)
    assert.ok(named.length > 20)
    assert.deepEqual(
      named.filter((name) => !variableNames.includes(name) && name !== 'NODE_OPTIONS'),
      [],
    )
  })

  it('explains every reason, and no other', () => {
    const src = fileURLToPath(new URL('../src/xmpp', import.meta.url))
    const sources = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(`${src}/${file}`, 'utf8'))
    const given = sources.flatMap((source) => [
      ...source.matchAll(/\bfailure\(\s*'([a-z-]+)'/g),
      ...source.matchAll(/^ {2}'[a-z-]+': '([a-z-]+)',$/gm),
    ])
    // the last two are the gateway's own, of a session that no instance has
    const words = new Set([...given.map(([, word]) => word!), 'instance-lost', 'handed-over'])
    assert.ok(words.size > 15)
    const explained = firstColumn('Reasons')
    assert.deepEqual(
      [...words].filter((word) => !explained.includes(word)),
      [],
    )
    assert.deepEqual(
      explained.filter((word) => !words.has(word) && !word.endsWith('-') && streamCondition(word) !== word),
      [],
    )
  })

  const advice = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(section('XMPP servers'))![1]!

  /** seconds for which the server keeps the stream of somebody who is away */
  async function resumable(t: TestContext, server: XmppServer): Promise<number | null | undefined> {
    t.after(() => server.stop())
    const connector = connectorFor(server)
    t.after(() => connector.close())
    const { connection, online } = follow(connector.open, { jid: 'romeo@localhost', password: 'secret', service: server.service })
    await online()
    return connection.snapshot()?.max
  }

  it('has advice that Prosody takes', async (t) => {
    const server = await startProsody({ users: { romeo: 'secret' }, modules: ['limits'], config: advice('lua') })
    assert.equal(await resumable(t, server), 900)
  })

  it('has advice that ejabberd takes', async (t) => {
    const { modules, ...global } = parse(advice('yaml'))
    const lines = Object.entries({ ...global, append_host_config: { localhost: { modules } } })
    const config = lines.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('\n')
    const server = await startEjabberd({ users: { romeo: 'secret' }, smacks: false, mam: false, carbons: false, config })
    assert.equal(await resumable(t, server), 900)
  })
})
