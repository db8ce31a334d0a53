import { testAttacks } from './abuse.ts'

testAttacks('memory')
