/** Costs in proportion to what comes in; a definition that is added to the vocabulary is tried without a word about it here. */
import { describe } from 'node:test'
import { testVocabulary } from './vocabulary.ts'

// small ones show what is wrong; full.test.ts goes to the limits
describe('what comes in costs in proportion to its size', () => testVocabulary({ size: 32 * 1024, most: 50, little: 1.5, rare: false }))
