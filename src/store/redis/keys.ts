/**
 * Every key and channel in Redis.
 *
 * All keys of a session share the hash tag `{ses_…}` and all of a tenant `{ten_…}`, so that on a Cluster each group is in one slot.
 * A script gets the base of one group as its only key, for the routing, and derives the keys from it: they are all in its slot,
 * and a call stays short. No script sees both groups.
 *
 * Of a session, after its base:
 *   :session         hash    record, version, status · fence (the last one given out) · places (of the outbox) · since, settled (its drain)
 *   :lease           string  "<fence> <owner>", expires
 *   :tokens          set     hashes of session tokens
 *   :log             hash    name, head, floor, aged
 *   :log:durable     stream  <sequence>-0: t (epoch ms), e (the event)
 *   :log:volatile    stream  the same; one sequence over both
 *   :outbox          stream  <place>-0: e (the entry)
 *   :records         hash    message id: "<until> <place> <record>"
 *   :dedup           hash    dedup key: "<until> <log name> <sequence>"
 *   :answers         hash    Idempotency-Key: "a <until> <fingerprint> <answer>" or, still running, "r <until> <fingerprint> <instance>"
 *   :iqs             hash    iq id: "<until> <iq>"
 *   :<the four>:due  zset    its keys by when they may be dropped
 *   :state:<kind>    hash    key: value
 *   :kinds           set     the kinds there are
 *   :streams         hash    connection index: XEP-0198 state
 *   :wake            channel "<log name> <head>", told when the log has grown
 * Of a tenant:
 *   :jid:<bare JID>  hash    requested resource: "<session>" or, while it is being made, "<session> <until>"
 *   :sessions        zset    sessions by creation, oldest first
 *   :left            zset    removed ones, kept for an hour: where a list goes on that was being paged
 * Others:
 *   sg:tenants       set     tenants that ever had a session
 *   sg:ticket:<hash> string  one ticket, expires
 *   sg:bus:<name>    channel of the bus
 */
export const sessionBase = (session: string) => `sg:{${session}}`
export const tenantBase = (tenant: string) => `sg:{ten_${tenant}}`

export const outboxKey = (session: string) => `${sessionBase(session)}:outbox`
export const sessionKey = (session: string) => `${sessionBase(session)}:session`
export const leaseKey = (session: string) => `${sessionBase(session)}:lease`
export const tokensKey = (session: string) => `${sessionBase(session)}:tokens`
export const logKey = (session: string) => `${sessionBase(session)}:log`
export const iqsKey = (session: string) => `${sessionBase(session)}:iqs`
export const stateKey = (session: string, kind: string) => `${sessionBase(session)}:state:${kind}`
export const streamsKey = (session: string) => `${sessionBase(session)}:streams`

export const jidKey = (tenant: string, jid: string) => `${tenantBase(tenant)}:jid:${jid}`
export const membersKey = (tenant: string) => `${tenantBase(tenant)}:sessions`

export const TENANTS = 'sg:tenants'
export const ticketKey = (hash: string) => `sg:ticket:${hash}`

export const wakeChannel = (session: string) => `${sessionBase(session)}:wake`
export const busChannel = (name: string) => `sg:bus:${name}`
/** heard by the instance of that name as long as it lives */
export const liveChannel = (instance: string) => `sg:live:${instance}`
