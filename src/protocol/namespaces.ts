/** Namespaces that more than one file needs, each spelt here alone; one that a single definition needs stands there. */
/** RFC 6120 */
export const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
/** RFC 6121 */
export const ROSTER = 'jabber:iq:roster'
/** XEP-0004 */
export const DATA_FORM = 'jabber:x:data'
/** XEP-0012 */
export const LAST_ACTIVITY = 'jabber:iq:last'
/** XEP-0030 */
export const DISCO_INFO = 'http://jabber.org/protocol/disco#info'
/** XEP-0030 */
export const DISCO_ITEMS = 'http://jabber.org/protocol/disco#items'
/** XEP-0033 */
export const ADDRESSES = 'http://jabber.org/protocol/address'
/** XEP-0045 */
export const MUC = 'http://jabber.org/protocol/muc'
/** XEP-0045: what a room says, and what is said of rooms */
export const MUC_USER = 'http://jabber.org/protocol/muc#user'
/** XEP-0045: of a room's owners */
export const MUC_OWNER = 'http://jabber.org/protocol/muc#owner'
/** XEP-0048 */
export const STORED_BOOKMARKS = 'storage:bookmarks'
/** XEP-0054 */
export const VCARD_TEMP = 'vcard-temp'
/** XEP-0059 */
export const RSM = 'http://jabber.org/protocol/rsm'
/** XEP-0060 */
export const PUBSUB = 'http://jabber.org/protocol/pubsub'
/** XEP-0060 */
export const PUBSUB_EVENT = 'http://jabber.org/protocol/pubsub#event'
/** XEP-0084 */
export const AVATAR_DATA = 'urn:xmpp:avatar:data'
/** XEP-0084 */
export const AVATAR_METADATA = 'urn:xmpp:avatar:metadata'
/** XEP-0085 */
export const CHAT_STATES = 'http://jabber.org/protocol/chatstates'
/** XEP-0091 */
export const OLD_DELAY = 'jabber:x:delay'
/** XEP-0092 */
export const SOFTWARE_VERSION = 'jabber:iq:version'
/** XEP-0107 */
export const MOOD = 'http://jabber.org/protocol/mood'
/** XEP-0115 */
export const CAPS = 'http://jabber.org/protocol/caps'
/** XEP-0153 */
export const VCARD_UPDATE = 'vcard-temp:x:update'
/** XEP-0172 */
export const NICK = 'http://jabber.org/protocol/nick'
/** XEP-0184 */
export const RECEIPTS = 'urn:xmpp:receipts'
/** XEP-0191 */
export const BLOCKING = 'urn:xmpp:blocking'
/** XEP-0199 */
export const PING = 'urn:xmpp:ping'
/** XEP-0202 */
export const TIME = 'urn:xmpp:time'
/** XEP-0203 */
export const DELAY = 'urn:xmpp:delay'
/** XEP-0249 */
export const INVITATION = 'jabber:x:conference'
/** XEP-0280 */
export const CARBONS = 'urn:xmpp:carbons:2'
/** XEP-0292 */
export const VCARD4 = 'urn:ietf:params:xml:ns:vcard-4.0'
/** XEP-0297 */
export const FORWARD = 'urn:xmpp:forward:0'
/** XEP-0308 */
export const CORRECTION = 'urn:xmpp:message-correct:0'
/** XEP-0313 */
export const MAM = 'urn:xmpp:mam:2'
/** XEP-0333 */
export const CHAT_MARKERS = 'urn:xmpp:chat-markers:0'
/** XEP-0334 */
export const HINTS = 'urn:xmpp:hints'
/** XEP-0357 */
export const PUSH = 'urn:xmpp:push:0'
/** XEP-0359 */
export const STANZA_ID = 'urn:xmpp:sid:0'
/** XEP-0363 */
export const UPLOAD = 'urn:xmpp:http:upload:0'
/** XEP-0390 */
export const CAPS2 = 'urn:xmpp:caps'
/** XEP-0402 */
export const BOOKMARKS = 'urn:xmpp:bookmarks:1'
/** XEP-0421 */
export const OCCUPANT_ID = 'urn:xmpp:occupant-id:0'
/** XEP-0424 */
export const RETRACTION = 'urn:xmpp:message-retract:1'
/** XEP-0422 */
export const FASTENING = 'urn:xmpp:fasten:0'
/** XEP-0425 */
export const MODERATION = 'urn:xmpp:message-moderate:1'
/** XEP-0425, version 0.2.1 */
export const MODERATION_0 = 'urn:xmpp:message-moderate:0'
/** XEP-0428 */
export const FALLBACK = 'urn:xmpp:fallback:0'
/** XEP-0444 */
export const REACTIONS = 'urn:xmpp:reactions:0'
/** XEP-0461 */
export const REPLY = 'urn:xmpp:reply:0'
/** XEP-0490 */
export const DISPLAYED = 'urn:xmpp:mds:displayed:0'
