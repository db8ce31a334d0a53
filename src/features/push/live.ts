/** Where the server is to tell of messages that come while no client of the account looks (XEP-0357). */
import { type CommandOptions, defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'
import { pushDisable, pushEnable } from '../../protocol/xep0357.ts'
import type { FormJson } from '../form-values.ts'

/** ms that the server may take, and longer where its answer is on its way still */
export const WITHIN = { timeout: 30_000, most: 120_000 }

interface Where {
  jid: string
  node?: string
}

/** Push services that this session has said, by address and node: those that are given up where nobody says which. */
export const pushServices = defineKind<Where>({ name: 'push', bound: 'push-services', entries: 100, size: 256 * 1024 })

export const enablePush = defineCommand<Where & { form?: FormJson }>({ name: 'push.enable', changes: () => true })

export const disablePush = defineCommand<{ only?: Where }>({ name: 'push.disable', changes: () => true })

const keyOf = ({ jid, node }: Where) => `${jid}\n${node ?? ''}`

async function enable(session: LiveSession, { form, ...where }: Where & { form?: FormJson }, options: CommandOptions): Promise<void> {
  const payload = session.vocabulary.writeAs(pushEnable, { ...where, ...(form && { form }) })
  await session.iq({ type: 'set', payload }, { ...options, ...WITHIN })
  await session.commit({ state: [pushServices.put(keyOf(where), where)] })
}

async function disable(session: LiveSession, { only }: { only?: Where }, options: CommandOptions): Promise<void> {
  for (const where of only ? [only] : [...session.state.all(pushServices).values()]) {
    await session.iq({ type: 'set', payload: session.vocabulary.writeAs(pushDisable, where) }, { ...options, ...WITHIN })
    const gone = [...session.state.all(pushServices)].filter(
      ([, one]) => one.jid === where.jid && (where.node === undefined || one.node === where.node),
    )
    await session.commit({ state: gone.map(([key]) => pushServices.remove(key)) })
  }
}

export const pushCommands = [enablePush.by(enable), disablePush.by(disable)]
