/** Where one is in the console, as the hash of its address: the server has one route only, and reload and links work. */

export const tabs = ['conversations', 'roster', 'rooms', 'events', 'send', 'settings'] as const
export type Tab = (typeof tabs)[number]

export type Route =
  | { page: 'sessions' }
  | { page: 'session'; id: string; tab: Tab; with?: string }
  | { page: 'webhooks' }
  | { page: 'webhook'; id: string }
  | { page: 'message'; id: string }
  | { page: 'translate' }

export function routeOf(hash: string): Route {
  const [first, id, second, third] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded)
  if (first === 's' && id) {
    const tab = tabs.find((one) => one === second) ?? 'conversations'
    return { page: 'session', id, tab, ...(third && { with: third }) }
  }
  if (first === 'webhooks') return id ? { page: 'webhook', id } : { page: 'webhooks' }
  if (first === 'message' && id) return { page: 'message', id }
  if (first === 'translate') return { page: 'translate' }
  return { page: 'sessions' }
}

export function hashOf(route: Route): string {
  const parts = {
    sessions: () => ['sessions'],
    session: (one: Extract<Route, { page: 'session' }>) => ['s', one.id, one.tab, ...(one.with === undefined ? [] : [one.with])],
    webhooks: () => ['webhooks'],
    message: (one: Extract<Route, { page: 'message' }>) => ['message', one.id],
    translate: () => ['translate'],
    webhook: (one: Extract<Route, { page: 'webhook' }>) => ['webhooks', one.id],
  }
  const of = parts[route.page] as (one: Route) => string[]
  return `#/${of(route).map(encodeURIComponent).join('/')}`
}

/** Where the thing with an id is looked at, of the kinds that are told by their ids. */
export function routeOfId(id: string): Route | undefined {
  const kind = /^(msg|ses|whk)_[\w-]{8,}$/.exec(id)?.[1]
  if (kind === 'msg') return { page: 'message', id }
  if (kind === 'ses') return { page: 'session', id, tab: 'conversations' }
  return kind === 'whk' ? { page: 'webhook', id } : undefined
}

export function go(route: Route): void {
  location.hash = hashOf(route)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
