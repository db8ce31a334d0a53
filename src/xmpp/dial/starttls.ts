import type { Socket } from 'node:net'
import { CLIENT, child, type Element } from '../../xml/element.ts'
import { createStreamParser, STREAMS } from '../../xml/parse.ts'
import { Failure, failure, streamFailure, toFailure } from '../failure.ts'

const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
/** bytes that a server may say before TLS */
const CLEAR_MAX = 16 * 1024

/**
 * The part of a stream that is in clear text (RFC 6120 section 5): header, features, `<starttls/>`, `<proceed/>`, and nothing else.
 * Answers 'proceed' when TLS is to be started on the socket, 'plain' when the server offers no TLS and `plain` allows that;
 * the socket is paused, and the caller starts a new stream. Rejects with xmpp-tls-failed, xmpp-unreachable.
 */
export function requestTls(
  socket: Socket,
  { domain, plain, signal }: { domain: string; plain: boolean; signal: AbortSignal },
): Promise<'proceed' | 'plain'> {
  return new Promise((resolve, reject) => {
    // everything of this phase is ASCII; what is not becomes U+FFFD and matches nothing
    const decoder = new TextDecoder('utf-8')
    let heard = 0
    let asked = false
    let settled = false
    const parser = createStreamParser({ limits: { bytes: CLEAR_MAX }, onOpen: () => undefined, onElement, onClose: lost })

    function onElement(element: Element): void {
      if (element.xmlns === STREAMS && element.name === 'error') finish(streamFailure(element))
      else if (!asked && element.xmlns === STREAMS && element.name === 'features') onFeatures(element)
      else if (asked && element.xmlns === TLS && element.name === 'proceed') {
        // injected clear text would be read as if it had come over TLS (CVE-2011-0411)
        finish(parser.stop() === '' ? 'proceed' : failed('The server sent clear text after it had agreed to TLS.'))
      } else finish(failed('The server refused to start TLS.'))
    }
    function onFeatures(features: Element): void {
      if (child(features, 'starttls', TLS) !== undefined) {
        asked = true
        socket.write(`<starttls xmlns='${TLS}'/>`)
      } else if (plain) finish('plain')
      else finish(failed('The server offers no TLS. Clear text is only allowed to the loopback hosts that XMPP_PLAINTEXT_HOSTS names.'))
    }
    function onData(chunk: Buffer): void {
      heard += chunk.length
      try {
        if (heard > CLEAR_MAX) throw failed('The server said too much before TLS.')
        parser.write(decoder.decode(chunk, { stream: true }))
      } catch (thrown) {
        finish(thrown instanceof Failure ? thrown : failed('The server did not speak XMPP before TLS.', thrown))
      }
    }
    function lost(cause?: unknown): void {
      finish(failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the connection before TLS.', cause))
    }
    const closed = () => lost()
    const abort = () => finish(toFailure(signal.reason))
    function finish(outcome: 'proceed' | 'plain' | Failure): void {
      if (settled) return
      settled = true
      socket.removeListener('data', onData)
      socket.removeListener('error', lost)
      socket.removeListener('close', closed)
      signal.removeEventListener('abort', abort)
      if (typeof outcome === 'string') {
        socket.pause()
        resolve(outcome)
        return
      }
      socket.on('error', () => undefined)
      socket.destroy()
      reject(outcome)
    }
    socket.on('data', onData)
    socket.once('error', lost)
    socket.once('close', closed)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    socket.write(
      `<?xml version='1.0'?><stream:stream to='${escapeDomain(domain)}' version='1.0' xmlns='${CLIENT}' xmlns:stream='${STREAMS}'>`,
    )
  })
}

function failed(detail: string, cause?: unknown): Failure {
  return failure('tls-failed', 'xmpp-tls-failed', detail, cause)
}

function escapeDomain(domain: string): string {
  return domain.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
