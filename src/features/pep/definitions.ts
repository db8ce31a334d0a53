import type { Definition } from '../../stanza/definition.ts'
import { bookmarks } from './xep0048.ts'
import { privateStorage } from './xep0049.ts'
import { location } from './xep0080.ts'
import { avatar } from './xep0084.ts'
import { mood } from './xep0107.ts'
import { activity } from './xep0108.ts'
import { tune } from './xep0118.ts'
import { push } from './xep0357.ts'
import { bookmark } from './xep0402.ts'

export const definitions: readonly Definition[] = [bookmarks, privateStorage, location, ...avatar, mood, activity, tune, ...push, bookmark]
