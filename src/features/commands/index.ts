import type { Feature } from '../../gateway/contract/feature.ts'
import { commandCommands } from './live.ts'
import { commandOperations } from './operations.ts'
import { commandsUnderWay } from './under-way.ts'

/** What servers, components and clients can be told to do (XEP-0050). */
export const commands: Feature = {
  name: 'commands',
  operations: commandOperations,
  commands: commandCommands,
  keeps: [commandsUnderWay],
}
