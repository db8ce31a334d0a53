/** Ad-hoc commands (XEP-0050) of other entities that a session has begun, as they are kept for the next step. */
import { defineKind } from '../../gateway/contract/state-kind.ts'
import type { FormJson } from '../form-values.ts'

/** ms that one is kept after its last step */
export const KEPT = 3_600_000

export const steps = ['prev', 'next', 'complete'] as const
export type Step = (typeof steps)[number]
export const actions = ['cancel', 'execute', ...steps] as const
export type Action = (typeof actions)[number]

export interface UnderWay {
  jid: string
  node: string
  /** as the other side calls it */
  sessionId?: string
  actions: Step[]
  /** what `execute` means */
  usual: Step
  form?: FormJson
  /** epoch ms */
  until: number
}

/** By their id; of more the oldest is forgotten. */
export const commandsUnderWay = defineKind<UnderWay>({
  name: 'commands',
  bound: 'commands-under-way',
  entries: 100,
  size: 2 * 1024 * 1024,
})
