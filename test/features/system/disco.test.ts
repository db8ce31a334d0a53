import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { capabilities, discoInfo, NODE, verification } from '../../../src/features/own-capabilities.ts'
import { elements } from '../../../src/xml/element.ts'

describe('service discovery', () => {
  it('shows each feature once, sorted, beside one identity', () => {
    const [identity, ...shown] = elements(discoInfo(['urn:b', 'urn:a', 'urn:b'], 'x#y'))
    assert.equal(identity?.name, 'identity')
    assert.deepEqual(
      shown.map(({ attributes }) => attributes.var),
      ['urn:a', 'urn:b'],
    )
  })

  it('hashes what it shows as XEP-0115 section 5.1 says', () => {
    const expected = createHash('sha1').update('client/bot//stanzagate<urn:a<urn:b<').digest('base64')
    assert.equal(verification(['urn:b', 'urn:a']), expected)
    assert.deepEqual({ ...capabilities(['urn:a', 'urn:b']).attributes }, { hash: 'sha-1', node: NODE, ver: expected })
  })
})
