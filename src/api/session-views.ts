import { Problem } from '../errors/problem.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { SessionJson } from '../gateway/contract/session-json.ts'

/** Sessions as callers see them, without those that were ended meanwhile. */
export async function viewsOf(sessions: Pick<Sessions, 'view'>, handles: readonly SessionHandle[]): Promise<SessionJson[]> {
  const views = await Promise.all(handles.map((handle) => sessions.view(handle).catch(unlessEnded)))
  return views.filter((view) => view !== undefined)
}

function unlessEnded(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || thrown.code !== 'session-not-found') throw thrown
}
