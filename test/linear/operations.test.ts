/** Requests cost in proportion to their size; an operation that is added is tried without a word about it here. */
import { describe } from 'node:test'
import { testOperations } from './operations.ts'

describe('a request costs in proportion to its size', () => testOperations({ size: 32 * 1024, most: 60, little: 3, rare: false }))
