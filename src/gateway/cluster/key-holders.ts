/** Which instances can open what is kept of a session: not all can where an operator has given them different keys. */
import { secretsOf } from '../credentials.ts'
import type { Seal } from '../ports/seal.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { AskOptions, Question } from './calls.ts'

/** what another instance is asked: does it have these keys? */
export const OPENS = 'seal.knows'
/** ms for its answer */
const WITHIN = 1_000
/** answers that are remembered; instances keep their keys as long as they live */
const REMEMBERED = 1_000

export interface KeyHolders {
  /** can that one? undefined where it does not say */
  can(name: string, record: SessionRecord): Promise<boolean | undefined>
  /** where this one cannot, the first of these that can, if one says so */
  elsewhere(record: SessionRecord, names: readonly string[]): Promise<string | undefined>
  /** those that say that they cannot last */
  sorted(record: SessionRecord, names: readonly string[]): Promise<string[]>
  /** answers the question of another instance */
  answer(args: unknown): boolean
}

export function createKeyHolders({
  seal,
  ask,
}: {
  seal: Seal
  ask: (name: string, question: Question, options: AskOptions) => Promise<unknown>
}): KeyHolders {
  const answers = new Map<string, Promise<boolean | undefined>>()

  async function answerOf(name: string, session: string, keys: readonly string[]): Promise<boolean | undefined> {
    const answer = await ask(name, { session, command: OPENS, args: { keys } }, { timeout: WITHIN, repeatable: true }).catch(
      () => undefined,
    )
    return typeof answer === 'boolean' ? answer : undefined
  }

  async function can(name: string, record: SessionRecord): Promise<boolean | undefined> {
    const keys = [...new Set(secretsOf(record).map(keyOf))]
    const about = [name, ...keys].join(' ')
    const answer = answers.get(about) ?? answerOf(name, record.id, keys)
    if (answers.size >= REMEMBERED) answers.clear()
    answers.set(about, answer)
    const known = await answer
    if (known === undefined) answers.delete(about)
    return known
  }

  return {
    can,
    async elsewhere(record, names) {
      if (secretsOf(record).every(seal.knows)) return undefined
      for (const name of names) if (await can(name, record)) return name
      return undefined
    },
    async sorted(record, names) {
      const able = await Promise.all(names.map((name) => can(name, record)))
      const those = (cannot: boolean) => names.filter((_, index) => (able[index] === false) === cannot)
      return [...those(false), ...those(true)]
    },
    answer(args) {
      const { keys } = args as { keys?: unknown }
      return Array.isArray(keys) && keys.every((key) => typeof key === 'string' && seal.knows(key))
    },
  }
}

/** what names the key, and nothing of the secret */
const keyOf = (sealed: string) => sealed.slice(0, sealed.lastIndexOf('.'))
