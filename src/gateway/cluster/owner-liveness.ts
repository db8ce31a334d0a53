import type { Instances } from './calls.ts'
import type { Heartbeat } from './heartbeat.ts'

/** Does an owner of a session, as it was read, live? Asked once for all who want to know at one time: a list of sessions has few owners. */
export function createOwnerLiveness({
  instances,
  heartbeat,
}: {
  instances: Pick<Instances, 'hears'>
  heartbeat: Pick<Heartbeat, 'members' | 'membersNow'>
}): (owner: string) => Promise<boolean> {
  const asking = new Map<string, Promise<boolean>>()

  async function isAlive(owner: string): Promise<boolean> {
    if (!(await instances.hears(owner))) return false
    return heartbeat.members.has(owner) || (await heartbeat.membersNow()).has(owner)
  }

  return (owner) => {
    const answer = asking.get(owner) ?? isAlive(owner).finally(() => asking.delete(owner))
    asking.set(owner, answer)
    return answer
  }
}
