import { account } from '../contract/account.ts'
import type { StateKind } from '../contract/state-kind.ts'
import { archiveMarks } from '../inbound/archive-marks.ts'
import { heldMessages } from '../inbound/held-messages.ts'
import { quarantine } from '../inbound/quarantine.ts'
import { fastTokens } from './fast-tokens.ts'
import { suspects } from './repeated.ts'

/** What the core itself has every session remember. */
export const coreKinds: readonly StateKind[] = [account, archiveMarks, heldMessages, suspects, quarantine, fastTokens]
