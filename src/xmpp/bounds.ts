/** Every wait and buffer of this room has its bound here. Times in ms, sizes in bytes unless said. */
export interface Bounds {
  /** what servers put around a stanza of the full limit: a carbon, an archive result, a delay */
  wrapping: number
  /** one frame of a WebSocket, which is one stanza: the answer to what was asked may be so large */
  frame: number
  /** one attempt, from the look-up of the address to the bound or resumed stream */
  attempt: number
  /** one address: its TCP connection, and up to its secure channel where another address is left to try */
  address: number
  /** one target up to its secure channel, where another target is left to try */
  target: number
  /** open descriptors of the process: a connection that takes one above it is given up, for those are held back */
  descriptors: number
  /** one DNS question */
  lookup: number
  /** keys of passwords computed at once, of the four threads that DNS look-ups and files need too; and of one tenant */
  derivations: number
  derivationsEach: number
  /** look-ups by the system at once, which take the same threads, two at most; and of one tenant */
  lookUps: number
  lookUpsEach: number
  /** attempts at once that have just begun, each of which takes the process some ms in many steps; and of one tenant */
  logIns: number
  logInsEach: number
  /** an attempt that takes longer waits for its server, and no other one for it */
  logInBegins: number
  /** an idle stream is asked for a sign of life after this */
  idle: number
  /** … and is taken for dead without one after this; together a half-open link is found within 35 s where nothing is on its way */
  silence: number
  /** bytes a second that a server reads at the slowest: what lies before a question is waited for so long, beside the answer */
  slowest: number
  /** after how many stanzas the server is asked to acknowledge */
  requestAfter: number
  /** … or bytes */
  requestSize: number
  /** … or after this time, whichever is first */
  requestDelay: number
  /** received stanzas not yet stored: reading pauses */
  unstored: number
  /** times that the server asks what is stored while our last answer waits in the socket: reading pauses */
  unanswered: number
  /** sent stanzas not yet acknowledged, kept for a resume; beyond it `send` refuses */
  unacked: number
  /** … and their bytes */
  unackedSize: number
  /** bytes waiting in the socket; beyond it `send` refuses */
  backlog: number
  /** the features that follow a bind inside SASL2 */
  tail: number
  /** elements that came while the negotiation was busy, and stanzas that came before stream management counted */
  queued: number
  /** bytes of a negotiation, from the stream header to what came with its last answer */
  negotiation: number
  /** waiting for acknowledgements before a stream is closed */
  closeAcks: number
  /** waiting for the server's </stream:stream> */
  closeStream: number
  /** the answer to a ping */
  ping: number
  /** back-off: first and longest pause, full jitter below them */
  backoffFirst: number
  backoffMax: number
  /** a stream that lived so long starts the back-off anew */
  stable: number
  /** so long after a stream or an attempt broke, the server may still meet what we wrote on it */
  ghost: number
  /** a stream that ends so soon after we wrote may have ended over what we wrote, acknowledged or not */
  aftermath: number
  /** reconnects per second to one host, and how many may come at once */
  reconnectRate: number
  reconnectBurst: number
}

export const defaultBounds: Bounds = {
  wrapping: 32 * 1024,
  frame: 16 * 1024 * 1024,
  attempt: 20_000,
  address: 3_000,
  target: 8_000,
  descriptors: Number.POSITIVE_INFINITY,
  lookup: 5_000,
  derivations: 2,
  derivationsEach: 1,
  lookUps: 2,
  lookUpsEach: 1,
  logIns: 100,
  logInsEach: 40,
  logInBegins: 1_000,
  idle: 15_000,
  silence: 20_000,
  // Prosody's packaged limit for clients is 10 kB/s, that of ejabberd's example 3 kB/s
  slowest: 2_000,
  requestAfter: 10,
  requestSize: 64 * 1024,
  requestDelay: 100,
  unstored: 80,
  unanswered: 5_000,
  unacked: 2_000,
  unackedSize: 8 * 1024 * 1024,
  backlog: 4 * 1024 * 1024,
  tail: 1_000,
  queued: 1_000,
  negotiation: 1024 * 1024,
  closeAcks: 5_000,
  closeStream: 1_000,
  ping: 20_000,
  backoffFirst: 1_000,
  backoffMax: 300_000,
  stable: 60_000,
  ghost: 60_000,
  aftermath: 5_000,
  reconnectRate: 20,
  reconnectBurst: 100,
}
