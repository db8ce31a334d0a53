/** Loaded into a gateway before it starts: problems that an operation does not declare are told on standard error, a line for each. */
import { subscribe } from 'node:diagnostics_channel'

subscribe('stanzagate.undeclared-problem', (told) => process.stderr.write(`undeclared problem: ${JSON.stringify(told)}\n`))
