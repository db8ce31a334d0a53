import type { Definition } from '../../stanza/definition.ts'
import { atom } from './atom.ts'
import { pubsubRequests } from './xep0060.ts'
import { pubsubEvents } from './xep0060-event.ts'
import { pubsubOwner } from './xep0060-owner.ts'

export const definitions: readonly Definition[] = [...pubsubRequests, pubsubOwner, ...pubsubEvents, atom]
