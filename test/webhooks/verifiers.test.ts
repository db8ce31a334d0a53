/** The verifiers of docs/webhooks.md, run as they stand there, where the machine has their language. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { keyOf, newSecret, signedHeaders } from '../../src/webhooks/signature.ts'
import { temporaryFolder } from '../support/processes.ts'

const page = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
const program = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page)![1]!

const body = '{"text":"Grüße, \\"Welt\\""}'
const [secret, other] = [newSecret(), newSecret()]
const sign = (secrets: string[], at = Date.now()) => signedHeaders({ id: 'abc-1f', at, body, keys: secrets.map(keyOf) })
const good = sign([secret])

/** what is to be verified, and whether it is right */
const cases: { body: string; headers: typeof good; right: boolean }[] = [
  { body, headers: good, right: true },
  { body, headers: sign([other, secret]), right: true },
  { body: `${body} `, headers: good, right: false },
  { body, headers: sign([other]), right: false },
  { body, headers: sign([secret], Date.now() - 600_000), right: false },
  { body, headers: sign([secret], Date.now() + 600_000), right: false },
  { body, headers: { ...good, 'webhook-id': 'abc-2f' }, right: false },
  { body, headers: { ...good, 'webhook-signature': '' }, right: false },
  { body, headers: { ...good, 'webhook-signature': good['webhook-signature'].replace('v1,', 'v2,') }, right: false },
]
const expected = cases.map(({ right }) => right)
const input = JSON.stringify({ secret, cases })
const has = (name: string) => spawnSync(name, [name === 'go' ? 'version' : '--version']).status === 0

describe('the verifiers of the docs', () => {
  it('in TypeScript', async () => {
    const file = join(temporaryFolder('verifier'), 'verify.ts')
    writeFileSync(file, program('ts'))
    const { verify } = await import(pathToFileURL(file).href)
    assert.deepEqual(
      cases.map((one) => verify(one.body, one.headers, secret)),
      expected,
    )
  })

  it('in Python', { skip: !has('python3') && 'no python3 here' }, () => {
    const main = `
import json, sys
told = json.load(sys.stdin)
print(json.dumps([verify(one["body"].encode(), one["headers"], told["secret"]) for one in told["cases"]]))
`
    const file = join(temporaryFolder('verifier'), 'verify.py')
    writeFileSync(file, program('python') + main)
    assert.deepEqual(JSON.parse(execFileSync('python3', [file], { input, encoding: 'utf8' })), expected)
  })

  it('in Go', { skip: !has('go') && 'no go here' }, () => {
    const folder = temporaryFolder('verifier')
    const main = `package main

import (
	"encoding/json"
	"net/http"
	"os"
)

func main() {
	var told struct {
		Secret string
		Cases  []struct {
			Body    string
			Headers map[string]string
		}
	}
	json.NewDecoder(os.Stdin).Decode(&told)
	results := []bool{}
	for _, one := range told.Cases {
		headers := http.Header{}
		for name, value := range one.Headers {
			headers.Set(name, value)
		}
		results = append(results, verify([]byte(one.Body), headers, told.Secret))
	}
	json.NewEncoder(os.Stdout).Encode(results)
}
`
    writeFileSync(join(folder, 'go.mod'), 'module verifier\n')
    writeFileSync(join(folder, 'verify.go'), program('go'))
    writeFileSync(join(folder, 'main.go'), main)
    const run = execFileSync('go', ['run', '.'], {
      cwd: folder,
      input,
      encoding: 'utf8',
      env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
    })
    assert.deepEqual(JSON.parse(run), expected)
  })
})
