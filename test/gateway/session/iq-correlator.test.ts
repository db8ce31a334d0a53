import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { Problem } from '../../../src/errors/problem.ts'
import { createCorrelator, type Patience } from '../../../src/gateway/session/iq-correlator.ts'
import { CLIENT, element, STANZA_ERRORS } from '../../../src/xml/element.ts'

const own = { bare: 'romeo@montague.lit', full: 'romeo@montague.lit/orchard' }
const iq = (id: string, from: string | undefined, type = 'result') => element('iq', CLIENT, { type, id, from })
const correlator = () => createCorrelator({ own: () => own })
const problem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code

/** RFC 6120 section 8.1.2.1, written down as a table: who may answer a request to whom */
const everybody = [
  undefined,
  own.bare,
  own.full,
  'montague.lit',
  'juliet@capulet.lit',
  'juliet@capulet.lit/balcony',
  'capulet.lit',
  'evil@attacker.lit',
  '@/',
]
const allowed: Record<string, (string | undefined)[]> = {
  '': [undefined, own.bare, own.full, 'montague.lit'],
  [own.bare]: [undefined, own.bare, own.full],
  [own.full]: [own.full],
  'montague.lit': [undefined, 'montague.lit'],
  'juliet@capulet.lit': ['juliet@capulet.lit'],
  'juliet@capulet.lit/balcony': ['juliet@capulet.lit/balcony'],
  'capulet.lit': ['capulet.lit'],
}

for (const [to, answerers] of Object.entries(allowed))
  test(`a request to ${to || 'nobody'} is answered by ${answerers.map((from) => from ?? 'no sender').join(', ')} and by nobody else`, async () => {
    for (const from of everybody) {
      const pending = correlator()
      const answer = pending.wait({ id: 'x', type: 'get', to: to || undefined }, { timeout: 60_000 })
      assert.equal(pending.answer(iq('x', from)), answerers.includes(from), `from ${from}`)
      if (!answerers.includes(from)) pending.failAll()
      await answer.catch(() => {})
    }
  })

test('that it went wrong is also heard from another resource of the addressee, its server and our own, and from nobody else', async () => {
  const refused: [to: string, from: (string | undefined)[], not: string[]][] = [
    [
      'juliet@capulet.lit/balcony',
      ['juliet@capulet.lit', 'juliet@capulet.lit/x', 'capulet.lit', 'montague.lit', own.bare, undefined],
      ['nurse@capulet.lit', ''],
    ],
    ['straße@capulet.lit', ['strasse@capulet.lit', 'STRASSE@Capulet.lit./x'], ['strase@capulet.lit']],
    ['montague.lit', [own.bare, own.full, 'montague.lit/x'], ['romeo@capulet.lit']],
  ]
  for (const [to, heard, not] of refused)
    for (const from of [...heard, ...not]) {
      const pending = correlator()
      const answer = pending.wait({ id: 'x', type: 'get', to }, { timeout: 60_000 })
      assert.equal(pending.answer(iq('x', from, 'error')), !not.includes(from as string), `${to} by ${from}`)
      pending.failAll()
      await assert.rejects(answer, problem(not.includes(from as string) ? 'session-offline' : 'xmpp-undefined-condition'))
    }
})

test('the addressee is known in the spelling of its server', async () => {
  for (const [to, from] of [
    ['straße@capulet.lit', 'strasse@capulet.lit'],
    ['back\\slash@capulet.lit/Ä', 'back\\5cslash@Capulet.LIT/Ä'],
    ['bücher.example', 'xn--bcher-kva.example.'],
  ] as const) {
    const pending = correlator()
    const answer = pending.wait({ id: 'x', type: 'get', to }, { timeout: 60_000 })
    assert.ok(pending.answer(iq('x', from)), from)
    assert.equal((await answer).attributes.from, from)
  }
})

test('whoever asked whom, an answer counts from those whom RFC 6120 names', async () => {
  const domain = 'montague.lit'
  const jids = fc.constantFrom(
    own.bare,
    own.full,
    domain,
    'juliet@capulet.lit',
    'juliet@capulet.lit/balcony',
    'capulet.lit',
    'montague.lit/x',
    'romeo@montague.lit/phone',
  )
  const spelled = fc
    .tuple(jids, fc.boolean())
    .map(([jid, loud]) => (loud ? jid.replace(/^[^/]*/, (account) => account.toUpperCase()) : jid))
  const maybe = fc.option(spelled, { nil: undefined })
  const plain = (jid: string) => jid.replace(/^[^/]*/, (account) => account.toLowerCase())
  /** sections 8.1.2.1 and 10.3.3: no `to` is the own account, which its server may speak for; no `from` is the own account or the server */
  function oracle(to: string | undefined, from: string | undefined): boolean {
    const [asked, answering] = [to === undefined ? undefined : plain(to), from === undefined ? undefined : plain(from)]
    const account = answering === undefined || answering === own.bare || answering === own.full
    if (asked === undefined) return account || answering === domain
    if (asked === own.bare) return account
    if (asked === domain) return answering === undefined || answering === domain
    return asked === answering
  }
  await fc.assert(
    fc.asyncProperty(maybe, maybe, async (to, from) => {
      const pending = correlator()
      const answer = pending.wait({ id: 'x', type: 'get', to }, { timeout: 60_000 }).catch(() => 'gone')
      assert.equal(pending.answer(iq('x', from)), oracle(to, from))
      pending.failAll()
      await answer
    }),
    { numRuns: 1_000 },
  )
})

test('JIDs are compared as JIDs, not as text', async () => {
  const pending = correlator()
  const answer = pending.wait({ id: 'x', type: 'get', to: 'Juliet@Capulet.LIT' }, { timeout: 60_000 })
  assert.ok(pending.answer(iq('x', 'juliet@capulet.lit')))
  await answer
})

test('answers find their requests in whatever order they come, and a second answer finds nothing', async () => {
  const pending = correlator()
  const ids = ['a', 'b', 'c']
  const answers = ids.map((id) => pending.wait({ id, type: 'get', to: undefined }, { timeout: 60_000 }))
  for (const id of [...ids].reverse()) assert.ok(pending.answer(iq(id, undefined)))
  assert.deepEqual(
    (await Promise.all(answers)).map(({ attributes }) => attributes.id),
    ids,
  )
  assert.equal(pending.answer(iq('a', undefined)), false)
})

test('an error answer is the problem of its condition, also without an error element', async () => {
  const pending = correlator()
  const refused = pending.wait({ id: 'a', type: 'get', to: undefined }, { timeout: 60_000 })
  const bare = pending.wait({ id: 'b', type: 'get', to: undefined }, { timeout: 60_000 })
  const error = element('error', CLIENT, { type: 'cancel' }, [element('item-not-found', STANZA_ERRORS)])
  pending.answer({ ...iq('a', undefined, 'error'), children: [error] })
  pending.answer(iq('b', undefined, 'error'))
  await assert.rejects(refused, problem('xmpp-item-not-found'))
  await assert.rejects(bare, problem('xmpp-undefined-condition'))
})

test('when the stream is gone a get may be tried again, and the outcome of a set is not known', async () => {
  const pending = correlator()
  const get = pending.wait({ id: 'a', type: 'get', to: undefined }, { timeout: 60_000 })
  const set = pending.wait({ id: 'b', type: 'set', to: undefined }, { timeout: 60_000 })
  pending.failAll()
  await assert.rejects(get, problem('session-offline'))
  await assert.rejects(set, problem('outcome-unknown'))
})

test('a caller that goes ends the wait, and its deadline does', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pending = correlator()
  const gone = new AbortController()
  const left = pending.wait({ id: 'a', type: 'get', to: undefined }, { timeout: 60_000, signal: gone.signal })
  const late = pending.wait({ id: 'b', type: 'get', to: undefined }, { timeout: 1_000 })
  gone.abort()
  t.mock.timers.tick(1_000)
  await assert.rejects(left, problem('xmpp-timeout'))
  await assert.rejects(late, problem('xmpp-timeout'))
})

test('an answer that comes too late is no forgery, and counts apart, once; one by somebody else is', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let late = 0
  const pending = createCorrelator({ own: () => own, onLate: () => (late += 1) })
  const ends = [
    pending.wait({ id: 'late', type: 'get', to: 'juliet@capulet.lit' }, { timeout: 1_000 }),
    pending.wait({ id: 'left', type: 'get', to: undefined }, { timeout: 60_000, signal: AbortSignal.abort() }),
    pending.wait({ id: 'lost', type: 'set', to: undefined }, { timeout: 60_000 }),
  ]
  t.mock.timers.tick(1_000)
  pending.failAll()
  await Promise.allSettled(ends)
  assert.equal(pending.answer(iq('late', 'evil@attacker.lit')), false)
  assert.equal(pending.answer(iq('never', undefined)), false)
  assert.equal(late, 0)
  assert.ok(pending.answer(iq('late', 'juliet@capulet.lit')))
  assert.ok(pending.answer(iq('left', undefined, 'error')))
  assert.ok(pending.answer(iq('lost', own.bare)))
  assert.equal(late, 3)
  assert.equal(pending.answer(iq('late', 'juliet@capulet.lit')), false)
})

test('those that ended without an answer are remembered up to a bound, the newest', async () => {
  const pending = correlator()
  for (let round = 0; round < 3; round += 1) {
    const all = Array.from({ length: 100 }, (_, index) =>
      pending.wait({ id: `${round} ${index}`, type: 'get', to: undefined }, { timeout: 60_000 }),
    )
    pending.failAll()
    await Promise.allSettled(all)
  }
  assert.deepEqual(
    ['0 0', '1 99', '2 0', '2 99'].map((id) => pending.answer(iq(id, undefined))),
    [false, false, true, true],
  )
})

test('requests that wait at one time are bounded', async () => {
  const pending = correlator()
  const all = Array.from({ length: 100 }, (_, index) => pending.wait({ id: `${index}`, type: 'get', to: undefined }, { timeout: 60_000 }))
  assert.throws(() => pending.wait({ id: 'more', type: 'get', to: undefined }, { timeout: 60_000 }), problem('too-many-requests'))
  pending.failAll()
  await Promise.allSettled(all)
})

test('an iq that could not be sent takes no place among those that wait', async () => {
  const pending = correlator()
  const send = () => {
    throw new Problem('session-offline', 'not bound')
  }
  await assert.rejects(pending.wait({ id: 'a', type: 'get', to: undefined }, { timeout: 60_000, send }), problem('session-offline'))
  assert.equal(pending.size(), 0)
})

/** When one that is never answered is given up, in s; of a stream on which so many ms are on their way, and which brings so many bytes a second. */
async function givenUp(t: TestContext, patience: Patience, { ahead = 0, rate = (_: number): number => 0 } = {}): Promise<number> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let received = 0
  const pending = createCorrelator({ own: () => own, link: () => ({ transit: () => ahead, received: () => received }) })
  let over = false
  const waiting = pending.wait({ id: 'a', type: 'get', to: undefined }, patience)
  const ended = assert.rejects(waiting, problem('xmpp-timeout')).then(() => {
    over = true
  })
  let seconds = 0
  while (!over) {
    received += rate(seconds)
    seconds += 1
    t.mock.timers.tick(1_000)
    await turn()
  }
  await ended
  t.mock.timers.reset()
  return seconds
}

test('what lies before a request, and what comes before its answer, is no time that the answer takes', async (t) => {
  const patience = { timeout: 15_000, most: 100_000 }
  assert.equal(await givenUp(t, patience), 15)
  assert.equal(await givenUp(t, patience, { ahead: 30_000 }), 45)
  assert.equal(await givenUp(t, patience, { ahead: 200_000 }), 100, 'there is an end to it')
  assert.equal(await givenUp(t, patience, { rate: (at) => (at < 60 ? 2_500 : 0) }), 65, 'as long as the stream brings more')
  assert.equal(await givenUp(t, patience, { rate: () => 2_500 }), 100)
  assert.equal(await givenUp(t, patience, { rate: () => 500 }), 15, 'signs of life are no answer')
  assert.equal(await givenUp(t, patience, { rate: (at) => (at < 8 ? 100_000 : 0) }), 15, 'nothing comes any more')
})

test('a time that a caller asked for is that time, whatever is on its way', async (t) => {
  assert.equal(await givenUp(t, { timeout: 15_000 }, { ahead: 30_000, rate: () => 5_000 }), 15)
  assert.equal(await givenUp(t, { timeout: 2_000, most: 2_000 }, { ahead: 30_000, rate: () => 5_000 }), 2)
})

test('the answer of the own server may be larger where there is room for it; nobody else takes any', async () => {
  const pending = correlator()
  const room = { grow: (bytes: number) => bytes * 4, refusal: () => new Problem('too-busy', 'no room') }
  const ask = (id: string, to: string | undefined) => pending.wait({ id, type: 'get', to }, { timeout: 60_000, room })
  const answers = [ask('own', undefined), ask('server', 'montague.lit'), ask('other', 'capulet.lit')]
  assert.equal(pending.larger(iq('own', own.bare), 100), 400)
  assert.equal(pending.larger(iq('server', 'montague.lit'), 100), 400)
  for (const forged of [iq('other', 'capulet.lit'), iq('own', 'evil@attacker.lit'), iq('own', own.bare, 'set'), iq('x', undefined)])
    assert.equal(pending.larger(forged, 100), undefined)
  assert.ok(pending.answer({ ...iq('own', undefined), cut: true }))
  await assert.rejects(answers[0] as Promise<unknown>, problem('too-busy'))
  assert.ok(pending.answer({ ...iq('other', 'capulet.lit'), cut: true }))
  await assert.rejects(answers[2] as Promise<unknown>, problem('stanza-too-large'))
  pending.failAll()
  await assert.rejects(answers[1] as Promise<unknown>)
})
