import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { variableNames } from '../src/config/variables.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** Not for users to set: made by the gateway, or Node's own. */
const unlisted = ['DEVELOPMENT_KEY', 'NODE_TLS_REJECT_UNAUTHORIZED']

describe('README.md', () => {
  it('lists every variable of the configuration, and no other', () => {
    const rows = readme.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line))
    const listed = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1]!))
    assert.deepEqual(listed.toSorted(), variableNames.filter((name) => !unlisted.includes(name)).toSorted())
  })

  it('shows the bot that is in examples/', () => {
    const bot = readFileSync(new URL('../examples/bot.ts', import.meta.url), 'utf8')
    assert.ok(readme.includes(`\`\`\`ts\n${bot}\`\`\`\n`))
    assert.ok(bot.trimEnd().split('\n').length <= 15)
  })
})
