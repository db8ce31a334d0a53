/** What owners, admins and moderators do in rooms of real servers, with slixmpp as another occupant. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Element, elements } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isPresence, openAccount, openClient, textOf, until, users } from './account.ts'

const MUC = 'http://jabber.org/protocol/muc'
const MUC_USER = `${MUC}#user`
const JOIN = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"

forEachCell(
  'the administration of rooms',
  { only: ['prosody+memory', 'ejabberd+redis'], server: { users: users('romeo', 'juliet', 'nurse') } },
  (cell) => {
    let romeo: Account
    let juliet: Client
    let rooms = 0

    before(async () => {
      romeo = await openAccount(cell(), 'romeo')
      juliet = await openClient(cell(), 'juliet')
    })
    after(async () => {
      await romeo?.close()
      await juliet?.stop()
    })

    const newRoom = () => `capulet${++rooms}@conference.${cell().server.domain}`
    const path = (room: string, rest = '') => `/rooms/${encodeURIComponent(room)}${rest}`
    const jidOf = (name: string) => `${name}@${cell().server.domain}`

    /** Romeo makes a room, of which he is the owner. */
    async function ownRoom(body: object = {}): Promise<string> {
      const room = newRoom()
      const made = await romeo.api('PUT', path(room), { body: { nick: 'Romeo', ...body } })
      assert.equal(made.status, 201, made.text)
      return room
    }
    async function comes(room: string): Promise<void> {
      juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
      await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet` && one.attributes.type === undefined)
      await romeo.events.next(({ type, data }) => type === 'room.occupant-joined' && data.room === room)
    }
    const told = (presence: Element) => elements(presence).find(({ xmlns }) => xmlns === MUC_USER)
    /** the next that Juliet hears of herself */
    const herself = async (room: string, type?: string) => {
      const { element } = await juliet.next(
        (one) => isPresence(one) && one.attributes.from === `${room}/Juliet` && one.attributes.type === type,
      )
      return inner(told(element), 'item')
    }
    async function change(method: string, room: string, rest: string, body?: object): Promise<void> {
      const { status, text } = await romeo.api(method, path(room, rest), body === undefined ? {} : { body })
      assert.equal(status, 204, text)
    }
    const valuesOf = async (room: string) => (await romeo.api('GET', path(room, '/config'))).body.values

    it('shows how a room is, and changes what is named alone', async () => {
      const room = await ownRoom()
      const before = await romeo.api('GET', path(room, '/config'))
      assert.equal(before.status, 200, before.text)
      assert.equal(before.body.form.type, 'form')
      const { values } = before.body
      for (const name of ['persistent', 'membersOnly', 'moderated', 'public', 'changeSubject', 'allowInvites', 'archive'])
        assert.equal(typeof values[name], 'boolean', name)
      assert.deepEqual([values.anonymous, values.password, values.FORM_TYPE], ['semi', '', undefined])

      const wanted = {
        ...{ name: 'Capulet', description: 'A house', persistent: true, membersOnly: true, moderated: true, public: true, lang: 'it' },
        ...{ password: 'wherefore', anonymous: 'non', archive: true, changeSubject: true, allowInvites: true },
      }
      await change('PATCH', room, '/config', { values: wanted })
      assert.deepEqual(await valuesOf(room), { ...values, ...wanted })
      await change('PATCH', room, '/config', { values: { password: '', anonymous: true, persistent: false } })
      assert.deepEqual(await valuesOf(room), { ...values, ...wanted, password: '', anonymous: 'semi', persistent: false })
    })

    it('makes a room as it is wished', async () => {
      const room = await ownRoom({ create: 'configure', values: { name: 'Verona', membersOnly: true, password: 'wherefore' } })
      const { name, membersOnly, password } = await valuesOf(room)
      assert.deepEqual({ name, membersOnly, password }, { name: 'Verona', membersOnly: true, password: 'wherefore' })
    })

    it('names what is wrong with a configuration, and changes nothing', async () => {
      const room = await ownRoom()
      const before = await valuesOf(room)
      const wrong = { name: 'Changed', persistant: true, moderated: 'perhaps', anonymous: 'fully' }
      const { status, body } = await romeo.api('PATCH', path(room, '/config'), { body: { values: wrong } })
      assert.deepEqual([status, body.code], [400, 'invalid-request'])
      assert.deepEqual(body.errors.map((one: { path: string }) => one.path).sort(), [
        'body.values.anonymous',
        'body.values.moderated',
        'body.values.persistant',
      ])
      assert.match(JSON.stringify(body.errors), /Did you mean `persistent`\?.*must be true or false/s)
      assert.match(JSON.stringify(body.errors), /must be one of: semi, non/)
      assert.deepEqual(await valuesOf(room), before)
      const typed = await romeo.api('PATCH', path(room, '/config'), { body: { values: { name: null } } })
      assert.deepEqual([typed.status, typed.body.errors[0].path], [400, 'body.values.name'])
    })

    it('makes no room of a wish that cannot be', async () => {
      const room = newRoom()
      const { status, body } = await romeo.api('PUT', path(room), { body: { create: 'configure', values: { nmae: 'x' } } })
      assert.deepEqual([status, body.errors?.[0]?.path], [400, 'body.values.nmae'])
      assert.equal((await romeo.api('GET', path(room))).status, 404)
    })

    it('gives and takes voice, and kicks', async () => {
      const room = await ownRoom()
      await comes(room)
      await change('PUT', room, '/occupants/Juliet', { role: 'visitor', reason: 'Too loud' })
      assert.equal((await herself(room))?.attributes.role, 'visitor')
      await change('PUT', room, '/occupants/Juliet', { role: 'moderator' })
      assert.equal((await herself(room))?.attributes.role, 'moderator')
      await change('PUT', room, '/occupants/Juliet', { role: 'participant' })
      assert.equal((await herself(room))?.attributes.role, 'participant')
      await change('DELETE', room, `/occupants/Juliet?reason=${encodeURIComponent('Enough & good night')}`)
      const item = await herself(room, 'unavailable')
      assert.deepEqual([item?.attributes.role, textOf(item!, 'reason')], ['none', 'Enough & good night'])
      const left = await romeo.events.next(({ type, data }) => type === 'room.occupant-left' && data.room === room)
      assert.deepEqual([left.data.reason, left.data.text], ['kicked', 'Enough & good night'])
      assert.match((await romeo.api('DELETE', path(room, '/occupants/nobody'))).body.code, /^xmpp-(item-not-found|not-acceptable)$/)
    })

    it('makes members, bans, and lists who is what', async () => {
      const room = await ownRoom()
      await comes(room)
      const list = async (query = {}) => {
        const { status, text, body } = await romeo.api('GET', path(room, '/affiliations'), { query })
        assert.equal(status, 200, text)
        assert.ok(body.page.complete)
        return body.data.map(({ jid, affiliation }: { jid: string; affiliation: string }) => [jid, affiliation])
      }
      assert.deepEqual(await list(), [[jidOf('romeo'), 'owner']])
      await change('PUT', room, `/affiliations/${jidOf('juliet')}`, { affiliation: 'member' })
      assert.equal((await herself(room))?.attributes.affiliation, 'member')
      await change('PUT', room, `/affiliations/${jidOf('nurse')}`, { affiliation: 'admin' })
      assert.deepEqual(await list(), [
        [jidOf('juliet'), 'member'],
        [jidOf('nurse'), 'admin'],
        [jidOf('romeo'), 'owner'],
      ])
      await change('PUT', room, `/affiliations/${jidOf('juliet')}`, { affiliation: 'outcast', reason: 'Capulet' })
      const item = await herself(room, 'unavailable')
      assert.deepEqual([item?.attributes.affiliation, textOf(item!, 'reason')], ['outcast', 'Capulet'])
      assert.deepEqual(await list({ affiliation: 'outcast' }), [[jidOf('juliet'), 'outcast']])
      assert.deepEqual(await list({ affiliation: 'member' }), [])
      await change('PUT', room, `/affiliations/${jidOf('juliet')}`, { affiliation: 'none' })
      assert.deepEqual(await list({ affiliation: 'outcast' }), [])
      const last = await romeo.api('PUT', path(room, `/affiliations/${jidOf('romeo')}`), { body: { affiliation: 'none' } })
      // the only owner stays one, whatever the server calls it
      assert.match(last.body.code, /^xmpp-(conflict|not-allowed)$/)
    })

    it('refuses what is no affiliation, role, room or address', async () => {
      const room = newRoom()
      const faults = async (method: string, rest: string, body?: object, of = room) => {
        const answer = await romeo.api(method, path(of, rest), body === undefined ? {} : { body })
        return [answer.status, answer.body.code, ...(answer.body.errors ?? []).map((one: { path: string }) => one.path)]
      }
      const bad = (...paths: string[]) => [400, 'invalid-request', ...paths]
      assert.deepEqual(await faults('PUT', '/affiliations/x@example.com', { affiliation: 'king' }), bad('body.affiliation'))
      assert.deepEqual(await faults('PUT', '/affiliations/x@example.com', {}), bad('body.affiliation'))
      assert.deepEqual(await faults('GET', '/affiliations?affiliation=none'), bad('query.affiliation'))
      assert.deepEqual(await faults('PUT', '/occupants/Juliet', { role: 'owner', why: 1 }), bad('body.role', 'body.why'))
      assert.deepEqual(await faults('PATCH', '/config', {}), bad('body.values'))
      assert.deepEqual(await faults('POST', '/destroy', { alternate: 7 }), bad('body.alternate'))
      const malformed = (at: string) => [422, 'jid-malformed', at]
      assert.deepEqual(await faults('PUT', '/affiliations/x@example.com%2Fdesk', { affiliation: 'member' }), malformed('params.jid'))
      assert.deepEqual(await faults('POST', '/destroy', { alternate: 'a@@b' }), malformed('body.alternate'))
      for (const rest of ['/config', '/affiliations'])
        assert.deepEqual(await faults('GET', rest, undefined, `${room}/nick`), malformed('params.room'))
      assert.deepEqual(await faults('DELETE', '/occupants/x', undefined, 'conference.example.com'), malformed('params.room'))
    })

    it('is not for those who are nobody in a room', async () => {
      const room = `theirs${++rooms}@conference.${cell().server.domain}`
      juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
      await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
      await juliet.request({
        type: 'set',
        to: room,
        payload: "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
      })
      await romeo.api('PUT', path(room), { body: {} })
      for (const [method, rest, body] of [
        ['GET', '/config'],
        ['PATCH', '/config', { values: {} }],
        ['GET', '/affiliations'],
        ['PUT', `/affiliations/${jidOf('juliet')}`, { affiliation: 'outcast' }],
        ['DELETE', '/occupants/Juliet'],
        ['POST', '/destroy'],
      ] as const) {
        const answer = await romeo.api(method, path(room, rest), body === undefined ? {} : { body })
        assert.equal(answer.status, 403, `${method} ${rest}: ${answer.text}`)
      }
    })

    it('shows what rooms there are, page by page, and what one says of itself to who is not in it', async () => {
      const service = `conference.${cell().server.domain}`
      const made: string[] = []
      for (const name of ['Verona', 'Mantua', 'Padua']) {
        const room = newRoom()
        made.push(room)
        juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
        await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
        const fields = { FORM_TYPE: `${MUC}#roomconfig`, 'muc#roomconfig_roomname': name, 'muc#roomconfig_publicroom': '1' }
        const form = Object.entries(fields).map(([field, value]) => `<field var='${field}'><value>${value}</value></field>`)
        const payload = `<query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='submit'>${form.join('')}</x></query>`
        assert.equal((await juliet.request({ type: 'set', to: room, payload })).attributes.type, 'result')
      }

      const found: { room: string }[] = []
      for (let after: string | undefined; ; ) {
        const query = { service, limit: 2, ...(after === undefined ? {} : { after }) }
        const { status, body, text } = await romeo.api('GET', '/rooms', { query })
        assert.equal(status, 200, text)
        assert.ok(body.data.length <= 2)
        found.push(...body.data)
        after = body.page.next
        assert.equal(body.page.complete, after === undefined)
        if (after === undefined) break
      }
      const rooms = found.map(({ room }) => room)
      assert.equal(new Set(rooms).size, rooms.length)
      for (const room of made) assert.ok(rooms.includes(room), room)
      const all = await romeo.api('GET', `/services/rooms/${service}`)
      assert.deepEqual(all.body.data.map(({ room }: { room: string }) => room).sort(), rooms.toSorted())

      const { status, body } = await romeo.api('GET', path(made[0]!, '/info'))
      assert.equal(status, 200)
      const { room, name, public: isPublic, membersOnly, password, anonymous } = body
      assert.deepEqual(
        { room, name, isPublic, membersOnly, password, anonymous },
        { room: made[0], name: 'Verona', isPublic: true, membersOnly: false, password: false, anonymous: 'semi' },
      )
      assert.ok(body.features.includes(MUC) && body.identities.some((one: { category: string }) => one.category === 'conference'))
      assert.equal((await romeo.api('GET', path(newRoom(), '/info'))).body.code, 'xmpp-item-not-found')
      const faulty = await romeo.api('GET', '/rooms', { query: { service, after: 'nonsense!' } })
      assert.deepEqual([faulty.status, faulty.body.errors[0].path], [400, 'query.after'])
      assert.equal((await romeo.api('GET', '/rooms', { query: { service: '@' } })).body.errors[0].path, 'query.service')
      // of a server that has services
      assert.deepEqual((await romeo.api('GET', '/rooms', { query: { service: cell().server.domain } })).body.data, [])
    })

    const invitedTo = (room: string) => (event: { type: string; subject?: string }) =>
      event.type === 'room.invited' && event.subject === room

    it('invites, by itself or by the room, and hears who declines', async () => {
      const room = await ownRoom({ password: 'wherefore' })
      const direct = await romeo.api('POST', path(room, '/invitations'), { body: { to: jidOf('juliet'), reason: 'Tonight' } })
      assert.deepEqual([direct.status, direct.body.status], [202, 'accepted'], direct.text)
      const { element: first } = await juliet.next((one) => one.name === 'message' && one.attributes.from === romeo.full)
      const x = inner(first, 'x')!
      assert.deepEqual([x.xmlns, x.attributes.jid, x.attributes.reason], ['jabber:x:conference', room, 'Tonight'])

      const body = { to: jidOf('juliet'), kind: 'mediated', reason: 'By the room' }
      const mediated = await romeo.api('POST', path(room, '/invitations'), { body })
      assert.equal(mediated.status, 202, mediated.text)
      const { element: second } = await juliet.next((one) => one.name === 'message' && one.attributes.from === room)
      const invite = inner(told(second), 'invite')!
      assert.equal(textOf(invite, 'reason'), 'By the room')
      juliet.send(
        `<message to='${room}'><x xmlns='${MUC_USER}'><decline to='${invite.attributes.from}'><reason>No time</reason></decline></x></message>`,
      )
      const { data } = await romeo.events.next(({ type }) => type === 'room.declined')
      assert.deepEqual([data.room, data.reason, data.from.split('/')[0]], [room, 'No time', jidOf('juliet')])
      assert.ok(!romeo.events.events.some((one) => one.type === 'message.received' && one.data.muc?.decline))
    })

    it('makes who is invited a member, where members alone may come in', async () => {
      const room = await ownRoom({ create: 'configure', values: { membersOnly: true } })
      await change('PUT', room, `/affiliations/${jidOf('nurse')}`, { affiliation: 'admin' })
      for (const to of [jidOf('juliet'), jidOf('nurse')]) {
        const { status, text } = await romeo.api('POST', path(room, '/invitations'), { body: { to } })
        assert.equal(status, 202, text)
      }
      await juliet.next((one) => one.name === 'message' && inner(one, 'x')?.attributes.jid === room)
      const { body } = await romeo.api('GET', path(room, '/affiliations'))
      assert.deepEqual(
        body.data.map(({ jid, affiliation }: { jid: string; affiliation: string }) => [jid, affiliation]),
        [
          [jidOf('juliet'), 'member'],
          [jidOf('nurse'), 'admin'],
          [jidOf('romeo'), 'owner'],
        ],
      )
      await comes(room)
    })

    it('tells of an invitation once, where both forms of it come, and declines it', async () => {
      const room = `theirs${++rooms}@conference.${cell().server.domain}`
      juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
      await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
      const unlock = `<query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>`
      await juliet.request({ type: 'set', to: room, payload: unlock })
      const early = await romeo.api('POST', path(room, '/decline'), { body: {} })
      assert.deepEqual([early.status, early.body.errors[0].path], [400, 'body.to'])
      juliet.send(`<message to='${room}'><x xmlns='${MUC_USER}'><invite to='${romeo.jid}'><reason>Come</reason></invite></x></message>`)
      const { data } = await romeo.events.next(invitedTo(room))
      assert.deepEqual([data.room, data.kind, data.reason], [room, 'mediated', 'Come'])
      assert.ok([juliet.jid, `${room}/Juliet`].includes(data.from), data.from)
      juliet.send(`<message to='${romeo.jid}'><x xmlns='jabber:x:conference' jid='${room}' reason='Come'/></message>`)
      // a second one in the same form is another one, and the first that is told after the other
      juliet.send(`<message to='${romeo.jid}'><x xmlns='jabber:x:conference' jid='${room}' reason='Again' password='moon'/></message>`)
      const next = await romeo.events.next(invitedTo(room))
      assert.deepEqual([next.data.kind, next.data.from, next.data.reason, next.data.password], ['direct', juliet.jid, 'Again', 'moon'])

      const declined = await romeo.api('POST', path(room, '/decline'), { body: { to: jidOf('juliet'), reason: 'No time' } })
      assert.equal(declined.status, 202, declined.text)
      const { element } = await juliet.next((one) => one.name === 'message' && inner(told(one), 'decline') !== undefined)
      assert.equal(textOf(inner(told(element), 'decline')!, 'reason'), 'No time')
      assert.equal((await romeo.api('POST', path(room, '/decline'))).status, 202)
      const stranger = await romeo.api('POST', path(room, '/invitations'), { body: { to: jidOf('nurse'), kind: 'mediated' } })
      assert.deepEqual([stranger.status, stranger.body.code], [409, 'room-not-joined'])
    })

    it('takes nobody for a room that says it is one, and refuses what is no invitation', async () => {
      juliet.send(`<message to='${romeo.jid}'><x xmlns='${MUC_USER}'><invite from='x@example.com'/></x><body>a</body></message>`)
      juliet.send(`<message to='${romeo.jid}'><x xmlns='${MUC_USER}'><decline from='x@example.com'/></x><body>b</body></message>`)
      juliet.send(`<message to='${romeo.jid}'><x xmlns='jabber:x:conference' jid='example.com'/><body>c</body></message>`)
      for (const body of ['a', 'b', 'c']) await romeo.events.next(({ type, data }) => type === 'message.received' && data.body === body)
      const room = newRoom()
      const faults = async (rest: string, body: object) => {
        const answer = await romeo.api('POST', path(room, rest), { body })
        return [answer.status, ...(answer.body.errors ?? []).map((one: { path: string }) => one.path)]
      }
      assert.deepEqual(await faults('/invitations', {}), [400, 'body.to'])
      assert.deepEqual(await faults('/invitations', { to: 'a@@b', kind: 'direct' }), [422, 'body.to'])
      assert.deepEqual(await faults('/invitations', { to: jidOf('juliet'), kind: 'shouted', why: '' }), [400, 'body.kind', 'body.why'])
      assert.deepEqual(await faults('/decline', { to: '@' }), [422, 'body.to'])
    })

    it('says that a room cannot take messages away', async () => {
      const room = await ownRoom()
      const { status, body } = await romeo.api('DELETE', path(room, '/messages/some-id?reason=Spam'))
      assert.deepEqual([status, body.code], [501, 'xmpp-feature-not-implemented'])
    })

    describe('with bookmarks', () => {
      const NODE = 'urn:xmpp:bookmarks:1'
      const PUBSUB = 'http://jabber.org/protocol/pubsub'
      /** another client of Juliet's account, as a session that follows its bookmarks */
      let follower: Account

      before(async () => {
        follower = await openAccount(cell(), 'juliet', { bookmarks: true, resource: 'follower' })
      })
      after(() => follower?.close())

      const publish = (room: string, autojoin: boolean) =>
        juliet.request({
          type: 'set',
          payload: `<pubsub xmlns='${PUBSUB}'><publish node='${NODE}'><item id='${room}'><conference xmlns='${NODE}' name='Kept' autojoin='${autojoin}'><nick>Giulia</nick><extensions><x xmlns='urn:example:x'/></extensions></conference></item></publish></pubsub>`,
        })
      const bookmarkOf = async (room: string) => {
        const payload = `<pubsub xmlns='${PUBSUB}'><items node='${NODE}'/></pubsub>`
        const items = inner(inner(await juliet.request({ type: 'get', payload }), 'pubsub'), 'items')
        return (
          items &&
          inner(
            elements(items).find(({ attributes }) => attributes.id === room),
            'conference',
          )
        )
      }
      const joins = (room: string) => (event: { type: string; subject?: string }) => event.type === 'room.joined' && event.subject === room
      const leaves = (room: string) => (event: { type: string; subject?: string }) => event.type === 'room.left' && event.subject === room

      it('makes one, keeps it or takes it away with the room', async () => {
        const room = await ownRoom()
        const put = await follower.api('PUT', path(room), { body: { nick: 'Giulia', bookmark: true } })
        assert.deepEqual([put.status, put.body.bookmarked], [200, true], put.text)
        const made = await bookmarkOf(room)
        assert.deepEqual([made?.attributes.autojoin, textOf(made!, 'nick')], ['true', 'Giulia'])
        assert.equal((await follower.api('DELETE', path(room), { query: { bookmark: 'keep' } })).status, 204)
        assert.equal((await bookmarkOf(room))?.attributes.autojoin, 'true')
        const again = await follower.api('PUT', path(room), { body: { nick: 'Giulia' } })
        assert.equal(again.body.bookmarked, true)
        assert.equal((await follower.api('DELETE', path(room))).status, 204)
        assert.equal(await bookmarkOf(room), undefined)
        // a session that does not follow them makes and removes them all the same
        const own = await ownRoom({ bookmark: true })
        const other = await ownRoom({ bookmark: true })
        for (const each of [own, other]) assert.equal((await romeo.api('GET', path(each))).body.bookmarked, true)
        const payload = { pubsub: { items: { node: NODE } } }
        const kept = await romeo.api('POST', '/iq', { body: { type: 'get', payload } })
        assert.deepEqual(kept.body.payload.pubsub.items.items.map((one: { id: string }) => one.id).sort(), [own, other].sort())
        assert.equal((await romeo.api('PUT', path(own), { body: { nick: 'Romeo', bookmark: false } })).body.bookmarked, false)
      })

      it('follows what another client says', async () => {
        const room = await ownRoom()
        assert.equal((await publish(room, true)).attributes.type, 'result')
        assert.equal((await follower.events.next(joins(room))).data.nick, 'Giulia')
        await publish(room, false)
        assert.equal((await follower.events.next(leaves(room))).data.reason, 'left')
        await publish(room, true)
        await follower.events.next(joins(room))
        // what else the bookmark has stays
        const put = await follower.api('PUT', path(room), { body: { nick: 'Giulia', bookmark: true } })
        assert.equal(put.status, 200, put.text)
        const kept = await bookmarkOf(room)
        assert.equal(kept?.attributes.name, 'Kept')
        assert.ok(inner(inner(kept, 'extensions'), 'x'))
        const payload = `<pubsub xmlns='${PUBSUB}'><retract node='${NODE}' notify='true'><item id='${room}'/></retract></pubsub>`
        await juliet.request({ type: 'set', payload })
        // ejabberd 23 tells nobody of a bookmark that is gone
        if (cell().server.kind === 'prosody') {
          await follower.events.next(leaves(room))
          assert.equal((await follower.api('GET', path(room))).status, 404)
        }
      })

      it('joins what is bookmarked when a session begins, and when it is told to', async () => {
        const room = await ownRoom()
        await publish(room, true)
        await follower.events.next(joins(room))
        const late = await openAccount(cell(), 'juliet', { resource: 'late' })
        assert.equal((await late.api('GET', path(room))).status, 404)
        await cell().gateway.api('PATCH', `/sessions/${late.id}`, { body: { bookmarks: true } })
        await late.events.next(joins(room))
        await late.close()
        await follower.close()
        follower = await openAccount(cell(), 'juliet', { bookmarks: true, resource: 'follower' })
        await until(async () => (await follower.api('GET', path(room))).body.state === 'joined')
        await publish(room, false)
      })
    })

    it('destroys a room, and says where to go', async () => {
      const room = await ownRoom()
      await comes(room)
      await change('POST', room, '/destroy', { reason: 'Exile', alternate: `mantua@conference.${cell().server.domain}` })
      const { element } = await juliet.next(
        (one) => isPresence(one) && one.attributes.from === `${room}/Juliet` && one.attributes.type !== undefined,
      )
      const destroy = inner(told(element), 'destroy')!
      assert.deepEqual([destroy.attributes.jid, textOf(destroy, 'reason')], [`mantua@conference.${cell().server.domain}`, 'Exile'])
      const left = await romeo.events.next(({ type, data }) => type === 'room.left' && data.room === room)
      assert.equal(left.data.reason, 'destroyed')
      const plainly = await ownRoom()
      await change('POST', plainly, '/destroy')
    })
  },
)
