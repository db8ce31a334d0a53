import type { Feature } from '../../gateway/contract/feature.ts'
import { registrationOperations } from './operations.ts'

/** Accounts that are made, changed and removed (XEP-0077). */
export const registration: Feature = { name: 'registration', operations: registrationOperations }
