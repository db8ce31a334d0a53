import type { Credentials, Mechanism } from './mechanism.ts'

/** The mechanisms of one message, in which the server proves nothing: it is TLS that says who it is. */

/** RFC 4616 */
export function plain({ username, password, authorization = '' }: Credentials): Mechanism {
  return oneMessage('PLAIN', Buffer.from(`${authorization}\0${username}\0${password}`))
}

/** RFC 4505, without trace information */
export function anonymous(): Mechanism {
  return oneMessage('ANONYMOUS', Buffer.alloc(0))
}

/** RFC 4422 appendix A: the client certificate says who we are, or who we may act as */
export function external({ authorization = '' }: Credentials): Mechanism {
  return oneMessage('EXTERNAL', Buffer.from(authorization))
}

function oneMessage(name: string, message: Buffer): Mechanism {
  return {
    name,
    start: async () => message,
    // a server that does not look at an initial response asks for it with an empty challenge
    respond: async () => message,
    finish: () => undefined,
  }
}
