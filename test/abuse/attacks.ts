import type { Attack } from './attack.ts'
import { peerAttacks } from './hostile-peer.ts'
import { serverAttacks } from './hostile-server.ts'
import { strangerAttacks } from './stranger.ts'
import { tenantAttacks } from './tenant.ts'

export const attacks: readonly Attack[] = [...strangerAttacks, ...tenantAttacks, ...serverAttacks, ...peerAttacks]
