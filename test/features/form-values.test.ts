import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import { type FilledIn, type FormJson, filledIn, formValues, submitted, valuesOf } from '../../src/features/form-values.ts'
import { definitions } from '../../src/protocol/index.ts'
import { form as codec } from '../../src/protocol/xep0004.ts'

const form: FormJson = {
  type: 'form',
  title: 'A room',
  fields: [
    { name: 'FORM_TYPE', type: 'hidden', values: ['http://jabber.org/protocol/muc#roomconfig'] },
    { name: 'token', type: 'hidden', values: ['kept'] },
    { type: 'fixed', values: ['Who may come in'] },
    { name: 'heading', type: 'fixed', values: ['Who'] },
    { name: 'muc#roomconfig_roomname', type: 'text-single', values: ['Garden'] },
    { name: 'open', type: 'boolean', values: ['true'] },
    { name: 'quiet', type: 'boolean' },
    {
      name: 'size',
      type: 'list-single',
      values: ['s'],
      options: [{ value: 's' }, { value: 'm', label: 'Medium' }],
    },
    { name: 'other', type: 'list-single', options: [{ value: 's' }], validate: { open: true } },
    { name: 'days', type: 'list-multi', values: ['mon'], options: [{ value: 'mon' }, { value: 'tue' }] },
    { name: 'notes', type: 'text-multi', values: ['one', 'two'] },
    { name: 'owner', type: 'jid-single' },
    { name: 'admins', type: 'jid-multi' },
    { name: 'untyped', values: ['x'] },
  ],
}
const names = { name: 'muc#roomconfig_roomname' }

const sentBack = (given: FilledIn) =>
  Object.fromEntries((submitted(form, given, { names }).fields ?? []).map(({ name, values }) => [name, values]))

function faultsOf(given: FilledIn): unknown {
  try {
    submitted(form, given, { names })
  } catch (error) {
    if (error instanceof Problem) return error.code === 'invalid-request' ? error.options.errors : [error.code, error.options.errors]
  }
  return undefined
}

const asSent = {
  FORM_TYPE: ['http://jabber.org/protocol/muc#roomconfig'],
  token: ['kept'],
  'muc#roomconfig_roomname': ['Garden'],
  open: ['1'],
  size: ['s'],
  days: ['mon'],
  notes: ['one', 'two'],
  untyped: ['x'],
}

describe('the values of a form', () => {
  it('are text, yes or no, or lists, by plain names where there are some, without what is not to be filled in', () => {
    const values = valuesOf(form, names)
    assert.deepEqual(values, {
      name: 'Garden',
      open: true,
      quiet: false,
      size: 's',
      other: '',
      days: ['mon'],
      notes: ['one', 'two'],
      owner: '',
      admins: [],
      untyped: 'x',
    })
    assert.ok(formValues.safeParse(values).success && filledIn.safeParse({ size: 3 }).success)
    assert.ok(createTranslator(definitions).schemaOf(codec).safeParse(form).success)
  })

  it('of a result may have no types', () => {
    assert.deepEqual(
      valuesOf({
        type: 'result',
        fields: [
          { name: 'one', values: ['a'] },
          { name: 'two', values: ['a', 'b'] },
        ],
      }),
      {
        one: 'a',
        two: ['a', 'b'],
      },
    )
  })
})

describe('a form that is sent back', () => {
  it('has all of its present values, hidden ones too, and no field without one', () => {
    assert.deepEqual(sentBack({}), asSent)
  })

  it('has what was filled in', () => {
    const given = {
      ...{ name: 'Orchard', open: false, quiet: true, size: 'm', other: 'xl', days: ['tue', 'mon'], notes: 'a\nb' },
      ...{ owner: 'Ann@Example.com', admins: ['bob@example.com'], untyped: 7 },
    }
    assert.deepEqual(sentBack(given), {
      ...asSent,
      'muc#roomconfig_roomname': ['Orchard'],
      ...{ open: ['0'], quiet: ['1'], size: ['m'], other: ['xl'], days: ['tue', 'mon'], notes: ['a', 'b'] },
      ...{ owner: ['ann@example.com'], admins: ['bob@example.com'], untyped: ['7'] },
    })
    assert.deepEqual(sentBack({ notes: [], name: '' }), { ...asSent, notes: [], 'muc#roomconfig_roomname': [''] })
  })

  it('is refused where a name is not known, which says the nearest, or a value cannot stand there', () => {
    assert.deepEqual(
      faultsOf({ nmae: 'x', open: 'maybe', size: 'xl', days: ['sun'], notes: true, name: false, admins: 'bob@example.com' }),
      [
        {
          path: 'body.values.nmae',
          message: 'is not known. Did you mean `name`? Known: name, open, quiet, size, other, days, notes, owner, admins, untyped',
        },
        { path: 'body.values.name', message: 'must be text' },
        { path: 'body.values.open', message: 'must be true or false' },
        { path: 'body.values.size', message: 'must be one of: s, m' },
        { path: 'body.values.days', message: 'must be one of: mon, tue' },
        { path: 'body.values.notes', message: 'must be a list of texts' },
        { path: 'body.values.admins', message: 'must be a list of texts' },
      ],
    )
    assert.deepEqual(faultsOf({ admins: ['bob@example.com', '@'] }), [
      'jid-malformed',
      [{ path: 'body.values.admins.1', message: 'The part before the "@" is empty, too long or has a character that is not allowed.' }],
    ])
    for (const name of ['token', 'FORM_TYPE', 'heading', 'muc#roomconfig_roomname'])
      assert.match(JSON.stringify(faultsOf({ [name]: 'x' })), /is not known/)
  })

  it('is refused where something is required that is not there', () => {
    const needed: FormJson = { fields: [{ name: 'word', type: 'text-private', required: true }] }
    assert.throws(
      () => submitted(needed, {}),
      (error: Problem) => error.options.errors?.[0]?.path === 'body.values.word',
    )
    assert.deepEqual(submitted(needed, { word: 'open sesame' }), {
      type: 'submit',
      fields: [{ name: 'word', type: 'text-private', values: ['open sesame'] }],
    })
  })
})
