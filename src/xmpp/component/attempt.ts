import type { ConnectionSpec } from '../../gateway/ports/connection.ts'
import type { Resolve } from '../../net/address.ts'
import type { Bounds } from '../bounds.ts'
import type { AddressRules } from '../dial/dial.ts'
import { closed, toFailure } from '../failure.ts'
import type { Negotiated } from '../login/login.ts'
import { type Channel, fenced } from '../stream/channel.ts'
import { Reader, type ReaderContext } from '../stream/stream-reader.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { componentTarget, openComponentChannel } from './channel.ts'
import { shakeHands } from './handshake.ts'

interface Shared extends ReaderContext {
  rules: AddressRules
  bounds: Bounds
  lookUps: (tenant: string, signal: AbortSignal) => Resolve
}

/** One log-in of a component. On failure nothing of it is left. Rejects with a Failure, or what the signal is aborted with. */
export async function attemptAsComponent(
  { tenant, jid, service, password, holdsLease }: ConnectionSpec,
  { shared, signal }: { shared: Shared; signal: AbortSignal },
): Promise<{ channel: Channel; reader: Reader; negotiated: Negotiated }> {
  const { rules, bounds, lookUps } = shared
  let channel: Channel | undefined
  try {
    const secret = await unlessAborted(signal, password())
    // one that wakes up late does not even dial
    if (holdsLease?.() === false) throw closed()
    channel = await openComponentChannel(componentTarget(service), { rules, bounds, resolve: lookUps(tenant, signal), signal })
    if (holdsLease !== undefined) channel = fenced(channel, holdsLease)
    const reader = new Reader(channel, shared)
    return { channel, reader, negotiated: await shakeHands({ channel, reader, domain: jid, secret, bounds, signal }) }
  } catch (thrown) {
    channel?.destroy()
    throw toFailure(thrown)
  }
}
