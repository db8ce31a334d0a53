import { defineMember } from '../gateway/contract/account.ts'

/** That the roster was read, and its version where the server has that (RFC 6121 section 2.6). */
export const rosterVersion = defineMember<{ ver?: string }>('roster')
