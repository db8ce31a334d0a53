import { testAttacks } from './abuse.ts'

testAttacks('redis')
