/** Steps of commands on the instance that owns the session: each is sent, and what is left to do is kept. */
import { Problem } from '../../errors/problem.ts'
import { type CommandOptions, defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { newId } from '../../gateway/ids.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { command } from '../../protocol/xep0050.ts'
import { elements } from '../../xml/element.ts'
import { type FormJson, type FormValues, valuesOf } from '../form-values.ts'
import { type Action, commandsUnderWay, KEPT, type Step, type UnderWay } from './under-way.ts'

/** ms that the other side may take for a step, and longer where its answer is on its way still */
export const STEP_WITHIN = { timeout: 30_000, most: 120_000 }

/** What came of a step, as callers see it. */
export interface Progress {
  id: string
  jid: string
  node: string
  status: 'executing' | 'completed' | 'canceled'
  actions: Action[]
  default?: Action
  form?: FormJson
  values?: FormValues
  notes: { type: 'info' | 'warn' | 'error'; text: string }[]
}

interface NextStep {
  id: string
  action: Action
  form?: FormJson
}

export const startCommand = defineCommand<{ jid: string; node: string }, Progress>({ name: 'commands.start', changes: () => true })

export const continueCommand = defineCommand<NextStep, Progress>({ name: 'commands.continue', changes: () => true })

async function start(session: LiveSession, { jid, node }: { jid: string; node: string }, options: CommandOptions): Promise<Progress> {
  return await take(session, { jid, node, id: newId('cmd'), action: 'execute' }, options)
}

async function goOn(session: LiveSession, { id, ...step }: NextStep, options: CommandOptions): Promise<Progress> {
  const kept = session.state.get(commandsUnderWay, id)
  if (!kept || kept.until < Date.now()) throw unknownCommand()
  const { jid, node, sessionId } = kept
  try {
    return await take(session, { id, jid, node, ...(sessionId !== undefined && { sessionId }), ...step }, options)
  } catch (error) {
    if (isOver(error) || (step.action === 'cancel' && error instanceof Problem && error.options.xmpp))
      await session.commit({ state: [commandsUnderWay.remove(id)] })
    throw error
  }
}

/** Has the other side forgotten it (XEP-0050 section 3.5)? */
function isOver(thrown: unknown): boolean {
  const name = thrown instanceof Problem ? thrown.options.xmpp?.applicationCondition?.name : undefined
  return name === 'session-expired' || name === 'bad-sessionid'
}

async function take(
  session: LiveSession,
  { id, jid, node, sessionId, action, form }: NextStep & { jid: string; node: string; sessionId?: string },
  { signal }: CommandOptions,
): Promise<Progress> {
  const { vocabulary } = session
  const payload = vocabulary.writeAs(command, { node, action, ...(sessionId !== undefined && { sessionId }), ...(form && { form }) })
  const answer = await session.iq({ type: 'set', to: jid, payload }, { ...STEP_WITHIN, ...(signal && { signal }) })
  const told = vocabulary.readAs(command, elements(answer)[0]) ?? {}
  // one that does not say how it stands is over, unless it has something to fill in
  const status = told.status ?? (told.form?.type === 'form' ? 'executing' : 'completed')
  const next = status === 'executing' ? remaining(told.actions) : undefined
  await session.commit({ state: [...expired(session), stateOf()] })
  return {
    ...{ id, jid, node, status },
    actions: next ? [...next.actions, 'cancel'] : [],
    ...(next && { default: next.usual }),
    ...(told.form && { form: told.form, values: valuesOf(told.form) }),
    notes: (told.notes ?? []).map(({ type = 'info', text = '' }) => ({ type, text })),
  }

  function stateOf(): StateChange {
    const called = told.sessionId ?? sessionId
    if (!next) return commandsUnderWay.remove(id)
    return commandsUnderWay.put(id, {
      ...{ jid, node, actions: next.actions, usual: next.usual, until: Date.now() + KEPT },
      ...(called !== undefined && { sessionId: called }),
      ...(told.form && { form: told.form }),
    })
  }
}

/** Without a word about it, only completing is left (XEP-0050 section 3.4). */
function remaining(told: { execute?: Step; allowed?: Step[] } | undefined): { actions: Step[]; usual: Step } {
  const { execute, allowed = [] } = told ?? { execute: 'complete', allowed: ['complete'] }
  const all: Step[] = allowed.length > 0 ? allowed : ['complete']
  return { actions: all, usual: execute ?? (all.includes('next') ? 'next' : 'complete') }
}

function expired({ state }: LiveSession): StateChange[] {
  const now = Date.now()
  return [...state.all(commandsUnderWay)].flatMap(([id, { until }]: [string, UnderWay]) =>
    until < now ? [commandsUnderWay.remove(id)] : [],
  )
}

export const unknownCommand = () => new Problem('command-not-found', 'There is no such command under way, or its hour is over.')

export const commandCommands = [startCommand.by(start), continueCommand.by(goOn)]
