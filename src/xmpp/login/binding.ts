import xml from '@xmpp/xml'
import { sameAccount } from '../../folded-jid.ts'
import { BIND } from '../../protocol/namespaces.ts'
import { child, childText, type Element } from '../../xml/element.ts'
import { STREAMS } from '../../xml/parse.ts'
import { type Failure, failure } from '../failure.ts'
import { noFeatures, readFeatures, type StreamFeatures } from '../stream/stream-features.ts'
import { type Enabled, readEnabled, readH, SM } from '../stream/stream-management.ts'
import { type Library, libraryFailure } from './library.ts'
import type { Login, Negotiated } from './login.ts'

/** bytes of a full JID (RFC 7622 section 3.1) */
const JID_MAX = 3071

/** From authentication on: an old stream is resumed, or a resource bound and stream management enabled, one by one or inside SASL2. */
export interface Binding {
  /** the server may send stanzas (RFC 6120 section 7.1) */
  isBound(): boolean
  /** Tries a resume with what the server offers now; calls back where there is none, or it was refused. */
  offer(features: StreamFeatures, otherwise: () => void): void
  /** what the server says that we are: the library would write it in its own way */
  name(full: string | undefined): void
  /** the answer to a bind, before the library reads it: throws a Failure where it is for another account */
  checkAnswer(answer: Element): void
  /** the library has bound a resource */
  onBound(): void
  /** The resource is in use, perhaps by a stream of ours that still hibernates there: the server may choose another, once. False the second time. */
  bindAnother(): boolean
  /** SASL2 has succeeded, and the library has taken all that came inside */
  afterInline(): void
  /** is it an answer to what was asked here? Then it is taken. */
  takes(element: Element): boolean
}

export function createBinding(
  { channel, reader, jid, resume, bounds }: Login,
  {
    library: { entity },
    local,
    domain,
    finish,
    fail,
  }: {
    library: Library
    local: string
    domain: string
    finish: (negotiated: Omit<Negotiated, 'early'>) => void
    fail: (cause: Failure) => void
  },
): Binding {
  let features = noFeatures
  let named: string | undefined
  let failedH: number | null = null
  let isBound = false
  let isAnother = false
  /** what the next element of stream management answers */
  let awaited: ((answer: Element) => void) | undefined
  /** … and what the next element of all does, after SASL2 */
  let tail: ((next: Element | undefined) => void) | undefined
  const inline: { resumedH?: number; enabled?: Enabled } = {}

  // resume and enable inside SASL2 and bind2 (XEP-0198 section 9, XEP-0386 section 2): in the library's hooks for them, in place of its own
  entity.sasl2.use(
    SM,
    () => resume && xml('resume', { xmlns: SM, previd: resume.id, h: String(resume.h()) }),
    (answer) => {
      const h = readH({ attributes: answer.attrs })
      if (answer.is('resumed')) inline.resumedH = h
      else failedH = Number.isNaN(h) ? null : h
    },
  )
  entity.bind2.use(
    SM,
    () => xml('enable', { xmlns: SM, resume: 'true' }),
    (answer) => {
      if (answer.is('enabled')) inline.enabled = readEnabled({ attributes: answer.attrs })
    },
  )

  const ownJid = () => checkedJid(named, { jid, local, domain })
  const finishBound = (full: string, management: Enabled | undefined) =>
    finish({ jid: full, features, outcome: { kind: 'bound', management, failedH } })

  function onBound(): void {
    const full = ownJid()
    isBound = true
    if (!features.names.includes(SM)) {
      finishBound(full, undefined)
      return
    }
    reader.release()
    channel.write(`<enable xmlns="${SM}" resume="true"/>`)
    awaited = (answer) => finishBound(full, answer.name === 'enabled' ? readEnabled(answer) : undefined)
  }

  /** The features that follow a bind inside SASL2 are waited for, not for long. */
  function awaitFeatures(full: string): void {
    const timer = setTimeout(() => finishBound(full, inline.enabled), bounds.tail)
    tail = (next) => {
      clearTimeout(timer)
      tail = undefined
      const isFeatures = next !== undefined && next.xmlns === STREAMS && next.name === 'features'
      if (isFeatures) features = readFeatures(next)
      finishBound(full, inline.enabled)
      if (next !== undefined && !isFeatures) reader.unread(next)
    }
  }

  return {
    isBound: () => isBound,
    offer(offered, otherwise) {
      features = offered
      if (resume === undefined || !features.names.includes(SM)) return otherwise()
      channel.write(`<resume xmlns="${SM}" previd="${escapeXml(resume.id)}" h="${resume.h()}"/>`)
      awaited = (answer) => {
        const h = readH(answer)
        if (answer.name === 'resumed') return finish({ jid: resume.jid, features, outcome: { kind: 'resumed', h } })
        failedH = Number.isNaN(h) ? null : h
        otherwise()
      }
    },
    name(full) {
      named = full
    },
    checkAnswer(answer) {
      const bind = child(answer, 'bind', BIND)
      if (bind === undefined) return
      named = childText(bind, 'jid')
      ownJid()
    },
    onBound,
    bindAnother() {
      if (isAnother) return false
      isAnother = true
      reader.release()
      entity.iqCaller
        .set(xml('bind', { xmlns: BIND }))
        .then(onBound)
        .catch((cause: unknown) => fail(libraryFailure(cause)))
      return true
    },
    afterInline() {
      if (inline.resumedH !== undefined && resume !== undefined) {
        // what follows counts: it is the stream's
        return finish({ jid: resume.jid, features, outcome: { kind: 'resumed', h: inline.resumedH } })
      }
      if (entity.status === 'online') awaitFeatures(ownJid())
      reader.release()
    },
    takes(element) {
      if (tail !== undefined) {
        tail(element)
        return true
      }
      if (element.xmlns !== SM || awaited === undefined) return false
      const answer = awaited
      awaited = undefined
      answer(element)
      return true
    },
  }
}

/** The server may write the account in another way than it was asked for; that is its name from then on. */
function checkedJid(full = '', { jid, local, domain }: { jid: string; local: string; domain: string }): string {
  const slash = full.indexOf('/')
  const account = full.slice(0, Math.max(slash, 0))
  // the server makes the local part of an anonymous account
  const asked = local === '' ? `${account.slice(0, Math.max(account.indexOf('@'), 0))}@${domain}` : jid
  if (slash > 0 && slash < full.length - 1 && Buffer.byteLength(full) <= JID_MAX && sameAccount(account, asked)) return full
  throw failure('bind-failed', 'xmpp-unreachable', 'The XMPP server bound another account than the one that logged in.')
}

function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
