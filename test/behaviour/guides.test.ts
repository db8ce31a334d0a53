/** The curl lines of docs/guides/, as they stand there, by a reader who has the accounts that they name. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { forEachCell } from '../support/matrix.ts'
import { temporaryFolder } from '../support/processes.ts'
import { type Account, openAccount, users } from './account.ts'

const guides = fileURLToPath(new URL('../../docs/guides/', import.meta.url))
/** what a reader copies from an answer into the next line */
const made = { COMMAND: /"id":"(cmd_[^"]+)"/, KEY: /"id":"(key_[^"]+)"/, TOKEN: /\/hooks\/in\/([\w-]+)/ }
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=', 'base64')

forEachCell(
  'the guides',
  {
    only: ['prosody+memory'],
    server: {
      users: users('alice', 'bob', 'romeo', 'juliet', 'nurse'),
      components: { 'bots.example.com': 'a-plague-o-both-your-houses' },
    },
    alone: { prosody: { modules: ['register', 'announce'], config: 'admins = { "alice@localhost" }' } },
    gateway: { env: { MCP: 'on' } },
  },
  (cell) => {
    let alice: Account
    let romeo: Account
    const folder = temporaryFolder('guides')
    before(async () => {
      for (const name of ['photo.png', 'avatar.png']) writeFileSync(join(folder, name), PNG)
      ;[alice, romeo] = await Promise.all([openAccount(cell(), 'alice'), openAccount(cell(), 'romeo')])
    })
    after(() => Promise.all([alice?.close(), romeo?.close()]))

    /** Where a guide trusts DNS to find the server, it is told where that is. */
    function findable(block: string): string {
      const { service, componentService, domain } = cell().server
      return block
        .replaceAll('xmpp://127.0.0.1:5347', componentService)
        .replaceAll('?domain=example.com', `?domain=${domain}&service=${encodeURIComponent(service)}`)
        .replaceAll('{"domain": "example.com"', `{"service": "${service}", "domain": "${domain}"`)
        .replaceAll('{"jid": "benvolio@example.com", "password"', `{"service": "${service}", "jid": "benvolio@${domain}", "password"`)
        .replaceAll('benvolio@example.com', `benvolio@${domain}`)
    }

    async function run(block: string, env: Record<string, string>): Promise<string> {
      const script = `set -e\ncurl() { command curl -sS --fail-with-body "$@"; echo; }\n${findable(block)}`
      try {
        const { stdout } = await promisify(execFile)('sh', ['-c', script], {
          cwd: folder,
          env: { ...process.env, ...env },
          timeout: 30_000,
        })
        return stdout
      } catch (error) {
        return assert.fail(`${block}\n${(error as { stdout?: string }).stdout ?? error}`)
      }
    }

    const names = readdirSync(guides)
    assert.ok(names.length >= 8)
    for (const name of names) {
      it(`${name} does what it says`, async () => {
        const guide = readFileSync(join(guides, name), 'utf8')
        const blocks = [...guide.matchAll(/```sh\n(.*?)```|`(curl [^`]+)`/gs)].map(([, block, inline]) => block ?? inline!)
        assert.ok(blocks.length > 0)
        const { url, key } = cell().gateway
        const env: Record<string, string> = { URL: url, AUTH: `Authorization: Bearer ${key}`, SESSION: alice.id }
        for (const block of blocks) {
          const told = await run(block, env)
          for (const [name, pattern] of Object.entries(made)) {
            const [, value] = pattern.exec(told) ?? []
            if (value !== undefined) env[name] = value
          }
        }
      })
    }

    it('have done it', async () => {
      assert.equal((await romeo.api('GET', `/rooms/${encodeURIComponent('guide@conference.localhost')}`)).body.reason, 'destroyed')
      assert.equal((await alice.api('GET', '/profile')).body.displayName, 'Alice')
      assert.deepEqual((await alice.api('GET', '/blocklist')).body.data, [{ jid: 'spam.example' }])
      assert.equal((await alice.api('GET', '/profile/avatar')).headers.get('content-type'), 'image/png')
    })
  },
)
