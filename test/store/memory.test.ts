import { createMemoryStore } from '../../src/store/memory/store.ts'
import { describeStore } from './contract.ts'

describeStore('memory', async (options) => createMemoryStore(options))
