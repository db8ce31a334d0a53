/** Loaded into a gateway before it starts. */
import { tellUndeclared } from './undeclared.ts'

tellUndeclared()
