import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, checkRoom } from './checker.ts'
import { type Arrival, bodyOf, emptyHistory, type History, numbered, type Told } from './history.ts'

const message = (conversation: string, number: number, id = `${conversation}-${number}`) => ({ conversation, number, id, at: number })
const arrival = (number: number, source: Arrival['source'] = 'live'): Arrival => ({ ...message('out juliet', number), source })
const acked = (number: number): Told => ({ cursor: `a${number}`, type: 'message.acked', id: `out juliet-${number}`, at: number })
const received = (number: number, cursor = `r${number}`): Told => {
  const { id, ...rest } = message('in juliet', number)
  return { cursor, type: 'message.received', id, message: rest, at: number }
}

const hooked = (id: string) => ({ id, event: id, at: 1 })

/** Two messages each way, all well. */
function well(): History {
  const told = [acked(1), received(1), acked(2), received(2)]
  return {
    ...emptyHistory(),
    accepted: [message('out juliet', 1), message('out juliet', 2)],
    arrived: [arrival(1), arrival(2), arrival(1, 'archive'), arrival(2, 'archive')],
    held: [message('in juliet', 1), message('in juliet', 2), message('in juliet', 2)],
    told,
    hooked: [hooked('r1'), hooked('r2')],
    log: told.map(({ cursor }) => cursor),
  }
}

/** What the checker says of a history that was changed. */
function complaints(change: (history: History) => unknown): string[] {
  const history = well()
  change(history)
  return check(history).violations.map((violation) => violation.split(':')[0] as string)
}

test('a history in which all is well has no violations', () => {
  const verdict = check(well())
  assert.deepEqual(verdict, {
    accepted: 4,
    delivered: 4,
    duplicates: 0,
    failed: 0,
    hooked: 2,
    hookedAgain: 0,
    wrong: 0,
    lostByServer: 0,
    longestGap: 1,
    violations: [],
  })
})

test('what is lost on the way out or in is seen', () => {
  assert.deepEqual(
    complaints((history) => {
      history.arrived = history.arrived.filter(({ number }) => number !== 2)
    }),
    ['I1, accepted and lost'],
  )
  assert.deepEqual(
    complaints((history) => history.held.push(message('in juliet', 3))),
    ['I3, at the server and not in the log'],
  )
  assert.deepEqual(
    complaints((history) => {
      history.told = history.told.filter(({ cursor }) => cursor !== 'a2')
      history.log = history.told.map(({ cursor }) => cursor)
    }),
    ['I1, what became of it was never told'],
  )
})

test('a message that the gateway gives up is not well, however well that is told', () => {
  const history = well()
  history.arrived = history.arrived.filter(({ number }) => number !== 2)
  history.told.splice(2, 1, { ...acked(2), type: 'message.failed', why: 'xmpp-timeout' })
  const { failed, violations } = check(history)
  assert.equal(failed, 1)
  assert.match(violations.join(), /^I1, failed with xmpp-timeout: out juliet 2 [^,]*, [^,]*$/)
})

test('an answer that no fault explains is seen', () => {
  const history = well()
  history.wrong.push({ conversation: 'out juliet', number: 3, at: 4_000, what: '500 internal-error' })
  const { wrong, violations } = check(history)
  assert.deepEqual([wrong, violations], [1, ['HTTP, 500 internal-error: out juliet 3 (4.0 s)']])
})

test('what the server took over, and lost, is told apart', () => {
  const history = well()
  history.arrived = history.arrived.filter(({ number }) => number !== 2)
  history.kept.add('out juliet-2')
  const { lostByServer, violations } = check(history)
  assert.deepEqual([lostByServer, violations], [1, []])
})

test('a repetition under the same id is counted, one under another id or with another content is wrong', () => {
  const history = well()
  history.arrived.push(arrival(1))
  const { duplicates, violations } = check(history)
  assert.deepEqual([duplicates, violations], [1, []])
  const otherId = complaints(({ arrived }) => arrived.push({ ...arrival(2), id: 'another' }))
  assert.deepEqual(otherId, ['I2, one message under two ids'])
  const otherContent = complaints(({ arrived }) => arrived.push({ ...arrival(3), id: 'out juliet-2' }))
  assert.deepEqual(otherContent, ['I2, one id with two contents'])
})

test('what comes after a later one of its conversation is seen, in both directions and at the server', () => {
  const swapped = complaints(({ arrived }) => arrived.unshift(arrival(3)))
  assert.deepEqual(swapped, ['I4, arrived out of order', 'I4, arrived out of order'])
  const archived = complaints(({ arrived }) => arrived.splice(2, 0, arrival(3, 'archive')))
  assert.deepEqual(archived, ['I4, out of order in the archive of the peer', 'I4, out of order in the archive of the peer'])
  const late = (history: History) => {
    history.told.push(received(9), received(8))
    history.log.push('r9', 'r8')
    history.hooked?.push(hooked('r9'), hooked('r8'))
  }
  assert.deepEqual(complaints(late), ['I4, told out of order'])
  const history = well()
  late(history)
  assert.deepEqual(check(history, { disorderly: true }).violations, [])
})

test('a consumer that misses an event, or reads one twice, is seen', () => {
  assert.match(complaints(({ told }) => void told.pop()).join(), /the consumer never read r2/)
  assert.match(complaints(({ told }) => told.splice(1, 0, received(1))).join(), /the consumer read r1 where the log has a2/)
})

test('what a webhook was never sent, or not in order, or not as it is in the log, is seen', () => {
  const of = (...all: ReturnType<typeof hooked>[]) => complaints((history) => Object.assign(history, { hooked: all }))
  assert.deepEqual(of(hooked('r1')), ['I3, in the log and never sent to the webhook'])
  assert.deepEqual(of(hooked('r1'), hooked('r2'), hooked('r1')), [])
  assert.deepEqual(of(hooked('r2'), hooked('r1'), hooked('r2')), ['I4, sent to the webhook out of order'])
  assert.deepEqual(of(hooked('r1'), { ...hooked('r2'), event: 'r1' }), ['I2, sent to the webhook under another id'])
  assert.deepEqual(of(hooked('r1'), hooked('gap'), hooked('r2')), ['sent to the webhook and not in the log'])
  const none = complaints((history) => void delete history.hooked)
  assert.deepEqual(none, [])
})

test('what was said in a room and not heard there, or not in order, is seen', () => {
  const said = (number: number) => message('out heath', number)
  const heard = (number: number): Told => ({
    cursor: `h${number}`,
    type: 'message.received',
    id: said(number).id,
    message: said(number),
    at: 1,
  })
  const of = (...numbers: number[]) => {
    const history = { ...emptyHistory(), accepted: [said(1), said(2)], told: numbers.map(heard) }
    return checkRoom(history).violations.map((violation) => violation.split(':')[0])
  }
  assert.deepEqual(of(1, 2, 1), [])
  assert.deepEqual(of(1), ['I1, accepted and lost in a room'])
  assert.deepEqual(of(2, 1), ['I4, heard out of order in a room'])
})

test('bodies say which message they are', () => {
  assert.deepEqual(numbered(bodyOf({ conversation: 'in juliet', number: 7 })), { conversation: 'in juliet', number: 7 })
  assert.equal(numbered('something else'), undefined)
  assert.equal(numbered(undefined), undefined)
})
