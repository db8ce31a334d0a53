import type { Feature } from '../../gateway/contract/feature.ts'
import { pushCommands, pushServices } from './live.ts'
import { pushOperations } from './operations.ts'

/** Push notifications of the account's own server (XEP-0357). */
export const push: Feature = { name: 'push', operations: pushOperations, commands: pushCommands, keeps: [pushServices] }
