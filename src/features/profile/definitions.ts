import type { Definition } from '../../stanza/definition.ts'
import { vcardTemp } from './xep0054.ts'
import { vcard4 } from './xep0292.ts'

export const definitions: readonly Definition[] = [vcardTemp, vcard4]
