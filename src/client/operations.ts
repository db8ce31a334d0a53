/** Written by `npm run client` from openapi.yaml: not for hands. */
import type { Operations } from './types.ts'

/** How a call goes over HTTP: its method, its path, and what goes into the query. */
export type Row = readonly [
  method: string,
  path: string,
  query: readonly string[],
  traits?: {
    /** all that is in neither path nor query is the body */
    readonly body?: true
    /** the body is `bytes`, of the media type `mediaType` */
    readonly bytes?: true
    /** no WebSocket has it */
    readonly httpAlone?: true
    /** the body may be XML, as `xml` and nothing beside it */
    readonly xml?: true
    /** with an Idempotency-Key it is done once */
    readonly repeatable?: true
  },
]

export const operations: Readonly<Record<keyof Operations, Row>> = {
  'sessions.open': ['POST', '/sessions', [], { body: true }],
  'sessions.list': ['GET', '/sessions', ['limit', 'after', 'state', 'jid']],
  'sessions.get': ['GET', '/sessions/{id}', []],
  'sessions.update': ['PATCH', '/sessions/{id}', [], { body: true }],
  'sessions.close': ['DELETE', '/sessions/{id}', ['status']],
  'messages.send': ['POST', '/messages', ['level', 'session'], { body: true, repeatable: true }],
  'messages.list': ['GET', '/messages', ['with', 'after', 'before', 'limit', 'session']],
  'messages.get': ['GET', '/messages/{id}', ['session']],
  'messages.sendBatch': ['POST', '/messages/batch', ['session'], { body: true, repeatable: true }],
  'chats.displayed': ['PUT', '/chats/{jid}/displayed', ['session'], { body: true }],
  'profile.get': ['GET', '/profile', ['session']],
  'profile.put': ['PUT', '/profile', ['session'], { body: true }],
  'profiles.get': ['GET', '/profiles/{jid}', ['session']],
  'profile.getAvatar': ['GET', '/profile/avatar', ['session'], { httpAlone: true }],
  'profile.putAvatar': ['PUT', '/profile/avatar', ['session'], { bytes: true, httpAlone: true }],
  'profile.removeAvatar': ['DELETE', '/profile/avatar', ['session']],
  'profiles.getAvatar': ['GET', '/profiles/{jid}/avatar', ['session'], { httpAlone: true }],
  'roster.get': ['GET', '/roster', ['limit', 'after', 'presence', 'session']],
  'roster.getContact': ['GET', '/roster/{jid}', ['session']],
  'roster.put': ['PUT', '/roster/{jid}', ['session'], { body: true }],
  'roster.remove': ['DELETE', '/roster/{jid}', ['session']],
  'blocklist.list': ['GET', '/blocklist', ['limit', 'after', 'session']],
  'blocklist.clear': ['DELETE', '/blocklist', ['all', 'session']],
  'blocklist.block': ['PUT', '/blocklist/{jid}', ['session'], { body: true }],
  'blocklist.unblock': ['DELETE', '/blocklist/{jid}', ['session']],
  'iq.send': ['POST', '/iq', ['session'], { body: true, xml: true }],
  'iq.get': ['GET', '/iq/{id}', ['session']],
  'iq.reply': ['POST', '/iq/{id}/reply', ['session'], { body: true }],
  'stanzas.send': ['POST', '/stanzas', ['dryRun', 'session'], { body: true, xml: true, repeatable: true }],
  translate: ['POST', '/translate', [], { body: true, xml: true }],
  'disco.info': ['GET', '/disco/info', ['jid', 'node', 'session']],
  'disco.items': ['GET', '/disco/items', ['jid', 'node', 'limit', 'after', 'session']],
  'capabilities.get': ['GET', '/capabilities', ['jid', 'session']],
  'uploads.create': ['POST', '/uploads', ['fileName', 'to', 'session'], { bytes: true, httpAlone: true }],
  'uploads.createSlot': ['POST', '/uploads/slots', ['session'], { body: true }],
  'presence.list': ['GET', '/presence', ['limit', 'after', 'session']],
  'presence.set': ['PUT', '/presence', ['session'], { body: true }],
  'presence.clear': ['DELETE', '/presence', ['session']],
  'presence.send': ['POST', '/presence', ['session'], { body: true, repeatable: true }],
  'presence.get': ['GET', '/presence/{jid}', ['session']],
  'rooms.list': ['GET', '/rooms', ['limit', 'after', 'session']],
  'rooms.get': ['GET', '/rooms/{room}', ['session']],
  'rooms.join': ['PUT', '/rooms/{room}', ['session'], { body: true }],
  'rooms.leave': ['DELETE', '/rooms/{room}', ['status', 'bookmark', 'session']],
  'webhooks.create': ['POST', '/webhooks', [], { body: true }],
  'webhooks.list': ['GET', '/webhooks', ['limit', 'after']],
  'webhooks.get': ['GET', '/webhooks/{id}', []],
  'webhooks.update': ['PATCH', '/webhooks/{id}', [], { body: true }],
  'webhooks.remove': ['DELETE', '/webhooks/{id}', []],
  'webhooks.rotate': ['POST', '/webhooks/{id}/rotate', []],
  'webhooks.deliveries': ['GET', '/webhooks/{id}/deliveries', ['limit', 'after', 'state']],
  'webhooks.replay': ['POST', '/webhooks/{id}/replay', [], { body: true }],
  'webhooks.test': ['POST', '/webhooks/{id}/test', []],
  'hooks.create': ['POST', '/hooks', [], { body: true }],
  'hooks.list': ['GET', '/hooks', ['limit', 'after']],
  'hooks.get': ['GET', '/hooks/{id}', []],
  'hooks.update': ['PATCH', '/hooks/{id}', [], { body: true }],
  'hooks.remove': ['DELETE', '/hooks/{id}', []],
  'tickets.create': ['POST', '/tickets', ['session']],
  'events.ack': ['POST', '/events/ack', ['session'], { body: true }],
  'events.consumers': ['GET', '/events/consumers', ['limit', 'after', 'session']],
  'me.get': ['GET', '/me', []],
  'stats.get': ['GET', '/stats', []],
  'keys.create': ['POST', '/keys', [], { body: true }],
  'keys.list': ['GET', '/keys', ['limit', 'after']],
  'keys.get': ['GET', '/keys/{id}', []],
  'keys.update': ['PATCH', '/keys/{id}', [], { body: true }],
  'keys.remove': ['DELETE', '/keys/{id}', []],
  'events.list': ['GET', '/events', ['after', 'consumer', 'types', 'jids', 'limit', 'wait', 'snapshot', 'coalesce', 'ticket', 'session']],
  'system.hookIn': ['POST', '/hooks/in/{token}', [], { bytes: true, httpAlone: true }],
}
