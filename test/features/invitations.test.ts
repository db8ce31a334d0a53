import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { invited, isInvitation } from '../../src/features/invitations/incoming.ts'
import { invitations } from '../../src/features/invitations/known.ts'
import { isModeration, moderated } from '../../src/features/room-administration/moderated.ts'
import { wantedRooms } from '../../src/features/room-state.ts'
import type { Incoming } from '../../src/gateway/contract/feature.ts'
import type { LiveSession } from '../../src/gateway/contract/session.ts'
import type { StateKind } from '../../src/gateway/contract/state-kind.ts'
import { definitions } from '../../src/protocol/index.ts'
import { parseStanza } from '../../src/xml/parse.ts'

const vocabulary = createTranslator(definitions)
const ROOM = 'cave@conference.example.com'

/** A session that knows what it is told. */
function sessionOf(rooms: readonly string[] = []) {
  const values = new Map<string, unknown>(
    rooms.map((room) => [`${wantedRooms.name} ${room}`, { nick: 'Romeo', state: 'joined', since: 0 }]),
  )
  const state = {
    get: (kind: StateKind, key: string) => values.get(`${kind.name} ${key}`),
    all: () => new Map(),
    ofAccount: () => [],
  }
  const session = { record: { jid: 'romeo@example.com' }, state, isOwn: () => false } as unknown as LiveSession
  return { session, values }
}

const incoming = (xml: string, more: Partial<Incoming> = {}): Incoming => ({ stanza: parseStanza(xml), connection: 0, ...more })

describe('invitations', () => {
  const direct = (from: string, room = ROOM) =>
    `<message from='${from}' to='romeo@example.com'><x xmlns='jabber:x:conference' jid='${room}'/></message>`
  const mediated = (from: string, by = ROOM) =>
    `<message from='${by}' to='romeo@example.com'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='${from}'><reason>Come</reason></invite><password>moon</password></x></message>`

  function tell(session: ReturnType<typeof sessionOf>, xml: string, more?: Partial<Incoming>) {
    const effect = invited(incoming(xml, more), session.session, vocabulary)
    for (const { kind, key, value } of effect?.state ?? []) session.values.set(`${kind} ${key}`, value)
    return (effect?.events ?? []).map(({ type, subject, data }) => {
      const { room, from, reason, password, kind } = data as Record<string, unknown>
      return { type, subject, room, from, reason, password, kind }
    })
  }

  it('are told once where both forms come, in whichever order, also of a room that hides who invites', () => {
    for (const inviter of ['juliet@example.com/balcony', `${ROOM}/Juliet`]) {
      for (const forms of [
        [direct('juliet@example.com/balcony'), mediated(inviter)],
        [mediated(inviter), direct('juliet@example.com/balcony')],
      ]) {
        const session = sessionOf()
        assert.deepEqual(
          forms.map((xml) => tell(session, xml).length),
          [1, 0],
        )
      }
    }
    const both = mediated('juliet@example.com/balcony').replace('</message>', `<x xmlns='jabber:x:conference' jid='${ROOM}'/></message>`)
    assert.deepEqual(tell(sessionOf(), both), [
      {
        type: 'room.invited',
        subject: ROOM,
        room: ROOM,
        from: 'juliet@example.com/balcony',
        reason: 'Come',
        password: 'moon',
        kind: 'mediated',
      },
    ])
  })

  it('of another inviter, to another room, and again in the same form are others', () => {
    const session = sessionOf()
    assert.equal(tell(session, mediated('juliet@example.com/x')).length, 1)
    assert.equal(tell(session, direct('paris@example.com/x')).length, 1)
    assert.equal(tell(session, direct('paris@example.com/x')).length, 1)
    assert.equal(tell(session, direct('paris@example.com/x', 'other@conference.example.com')).length, 1)
  })

  it('are none in a groupchat, a bounce, from somebody who says to be a room, to what is no room, and of the own account', () => {
    const { session } = sessionOf()
    const none = [
      direct('juliet@example.com/x').replace('<message', "<message type='groupchat'"),
      direct('juliet@example.com/x').replace('<message', "<message type='error'"),
      mediated('juliet@example.com/x', 'paris@example.com/phone'),
      mediated('juliet@example.com/x', 'conference.example.com'),
      direct('juliet@example.com/x', 'conference.example.com'),
      direct('romeo@example.com/phone').replace("to='romeo@", "to='juliet@"),
    ]
    for (const xml of none) assert.equal(isInvitation(incoming(xml), session), false, xml)
  })

  it('by the thousand are remembered within bounds', () => {
    assert.ok(invitations.entries <= 200 && invitations.size <= 64 * 1024)
    const effect = invited(incoming(direct('juliet@example.com/x')), sessionOf().session, vocabulary)
    assert.ok(JSON.stringify(effect?.state).length < 300)
  })
})

describe('messages that moderators take away', () => {
  const now = (from: string) =>
    `<message type='groupchat' from='${from}'><retract id='s1' xmlns='urn:xmpp:message-retract:1'><moderated by='${ROOM}/Eve' xmlns='urn:xmpp:message-moderate:1'/><reason>Spam</reason></retract></message>`
  const before = (from: string) =>
    `<message type='groupchat' from='${from}'><apply-to id='s1' xmlns='urn:xmpp:fasten:0'><moderated by='${ROOM}/Eve' xmlns='urn:xmpp:message-moderate:0'><retract xmlns='urn:xmpp:message-retract:0'/><reason>Spam</reason></moderated></apply-to></message>`

  it('are told, as both versions of it say', () => {
    const { session } = sessionOf([ROOM])
    for (const xml of [now(ROOM), before(ROOM)]) {
      const [event] = moderated(incoming(xml), session, vocabulary)?.events ?? []
      assert.ok(event)
      const { room, stanzaId, by, reason } = event.data as Record<string, unknown>
      assert.deepEqual([event.type, event.subject], ['room.message-moderated', ROOM])
      assert.deepEqual({ room, stanzaId, by, reason }, { room: ROOM, stanzaId: 's1', by: `${ROOM}/Eve`, reason: 'Spam' })
    }
  })

  it('are not where an occupant says so, a room that the session is not in, or somebody alone', () => {
    const { session } = sessionOf([ROOM])
    for (const form of [now, before]) {
      const all = [form(`${ROOM}/Mallory`), form('other@conference.example.com'), form(ROOM).replace('groupchat', 'chat')]
      for (const xml of all) assert.equal(isModeration(incoming(xml), session), false, xml)
    }
  })
})
