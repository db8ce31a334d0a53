import type { Definition } from '../../stanza/definition.ts'
import { binding } from './rfc6120.ts'
import { lastActivity } from './xep0012.ts'
import { version } from './xep0092.ts'
import { ping } from './xep0199.ts'
import { time } from './xep0202.ts'

export const definitions: readonly Definition[] = [...binding, lastActivity, version, ping, time]
