import type { Definition } from '../../stanza/definition.ts'
import { roster } from './rfc6121.ts'

export const definitions: readonly Definition[] = [roster]
