import assert from 'node:assert/strict'
import { it } from 'node:test'
import { caps2Hash, capsHash } from '../../../src/features/disco/caps-hash.ts'
import { reparse } from '../../../src/xml/parse.ts'

const query = (inner: string) => reparse(`<query xmlns='http://jabber.org/protocol/disco#info'>${inner}</query>`)
const features = (...all: string[]) => all.map((feature) => `<feature var='${feature}'/>`).join('')

const exodus = query(
  `<identity category='client' name='Exodus 0.9.1' type='pc'/>${features('http://jabber.org/protocol/caps', 'http://jabber.org/protocol/disco#items', 'http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/muc')}`,
)
const field = (name: string, values: string[], type = '') =>
  `<field var='${name}'${type && ` type='${type}'`}>${values.map((value) => `<value>${value}</value>`).join('')}</field>`
const form = (...fields: string[]) => `<x xmlns='jabber:x:data' type='result'>${fields.join('')}</x>`
const psiForm = form(
  field('FORM_TYPE', ['urn:xmpp:dataforms:softwareinfo'], 'hidden'),
  field('ip_version', ['ipv4', 'ipv6']),
  field('os', ['Mac']),
  field('os_version', ['10.5.1']),
  field('software', ['Psi']),
  field('software_version', ['0.11']),
)
const psiParts = `<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/><identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>${features('http://jabber.org/protocol/caps', 'http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/disco#items', 'http://jabber.org/protocol/muc')}`

it('the hashes of XEP-0115 are those of its examples', () => {
  assert.equal(capsHash(exodus, 'sha-1'), 'QgayPKawpkPSDYmwT/WM94uAlu0=')
  assert.equal(capsHash(query(psiParts + psiForm), 'sha-1'), 'q07IKJEyjvHSyhy//CH0CxmKi8w=')
})

it('the hashes of XEP-0390 are those of its examples', () => {
  const bombus = query(
    `<identity category='client' name='BombusMod' type='mobile'/>${features(
      ...['http://jabber.org/protocol/si', 'http://jabber.org/protocol/bytestreams', 'http://jabber.org/protocol/chatstates'],
      ...['http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/disco#items', 'urn:xmpp:ping', 'jabber:iq:time'],
      ...['jabber:iq:privacy', 'jabber:iq:version', 'http://jabber.org/protocol/rosterx', 'urn:xmpp:time', 'jabber:x:oob'],
      ...['http://jabber.org/protocol/ibb', 'http://jabber.org/protocol/si/profile/file-transfer', 'urn:xmpp:receipts'],
      ...['jabber:iq:roster', 'jabber:iq:last'],
    )}`,
  )
  assert.equal(caps2Hash(bombus, 'sha-256'), 'kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=')
  assert.equal(caps2Hash(bombus, 'sha3-256'), '79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=')
})

it('an answer that could stand for another one has no hash', () => {
  const twice = (what: string) => capsHash(query(psiParts + what), 'sha-1')
  assert.equal(twice(features('http://jabber.org/protocol/muc')), undefined)
  assert.equal(twice(`<identity xml:lang='en' category='client' name='Other' type='pc'/>`), undefined)
  assert.equal(twice(psiForm + psiForm), undefined)
  assert.equal(twice(features('urn:a&lt;urn:b')), undefined)
  assert.equal(twice(`<identity category='client/pc' name='Other' type=''/>`), undefined)
})

it('a form that does not say what it is counts for nothing in XEP-0115, and spoils the hash of XEP-0390', () => {
  const unnamed = form(field('os', ['Mac']))
  assert.equal(capsHash(query(psiParts + psiForm + unnamed), 'sha-1'), 'q07IKJEyjvHSyhy//CH0CxmKi8w=')
  assert.equal(caps2Hash(query(psiParts + unnamed), 'sha-256'), undefined)
})
