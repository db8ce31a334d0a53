/** The command line as a process; bin/stanzagate.cjs comes here when there is an argument. */
import { text } from 'node:stream/consumers'
import { run } from './run.ts'

// whoever reads no more, such as head, has had enough
const enough = () => process.exit(0)
process.stdout.on('error', enough)

const code = await run({
  args: process.argv.slice(2),
  env: process.env,
  input: () => text(process.stdin),
  out: (words) => process.stdout.write(words),
  err: (words) => process.stderr.write(words),
  serve() {
    process.stdout.off('error', enough)
    return import('../main.ts')
  },
})
if (code !== undefined) process.exitCode = code
