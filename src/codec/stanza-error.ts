import { type Condition, conditions, errorTypes, type StanzaErrorJson } from '../errors/catalogue.ts'
import { CLIENT, child, type Element, element, elements, STANZA_ERRORS, text } from '../xml/element.ts'

/** The `<error/>` of a stanza as JSON (RFC 6120 section 8.3); whatever is missing or unknown becomes the vaguest of its kind. */
export function readError(error: Element | undefined): StanzaErrorJson {
  if (!error) return { type: 'cancel', condition: 'undefined-condition' }
  const named = elements(error).find(({ xmlns, name }) => xmlns === STANZA_ERRORS && Object.hasOwn(conditions, name))
  const application = elements(error).find(({ xmlns }) => xmlns !== STANZA_ERRORS && xmlns !== error.xmlns)
  const words = child(error, 'text', STANZA_ERRORS)
  const { by, type } = error.attributes
  const uri = named && text(named)
  return {
    type: errorTypes.find((known) => known === type) ?? 'cancel',
    condition: (named?.name as Condition | undefined) ?? 'undefined-condition',
    ...(words ? { text: text(words) } : {}),
    ...(by ? { by } : {}),
    ...(uri ? { uri } : {}),
    ...(application ? { applicationCondition: { name: application.name, xmlns: application.xmlns } } : {}),
  }
}

/** The error answer to a stanza. */
export function errorReply(stanza: Element, error: StanzaErrorJson): Element {
  const application = error.applicationCondition
  return element(stanza.name, CLIENT, { type: 'error', id: stanza.attributes.id, to: stanza.attributes.from }, [
    element('error', CLIENT, { type: error.type, by: error.by }, [
      element(error.condition, STANZA_ERRORS, {}, [error.uri]),
      error.text === undefined ? undefined : element('text', STANZA_ERRORS, {}, [error.text]),
      application && element(application.name, application.xmlns),
    ]),
  ])
}
