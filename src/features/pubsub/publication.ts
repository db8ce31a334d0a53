/** What is published, as the service is sent it. */
import { readExtension } from '../../codec/extension.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import { PUBLISH_OPTIONS, request } from '../../protocol/xep0060.ts'
import type { Element } from '../../xml/element.ts'
import { formOf } from '../form-values.ts'
import { readXml } from '../stanza-xml.ts'
import { type Configuration, plainNames } from './configuration.ts'

interface NewItem {
  node: string
  id?: string
  payload?: Record<string, unknown>
  xml?: string
  options: Configuration | undefined
}

/** Throws xml-malformed, not-a-stanza, stanza-too-large, jid-malformed, invalid-request, each with the member that is wrong. */
export function publication(
  { node, id, options, ...given }: NewItem,
  { vocabulary, limit }: { vocabulary: Translator; limit: number },
): Element {
  const item = { ...(id !== undefined && { id }), content: contentOf(given, limit) }
  try {
    return vocabulary.writeAs(request, {
      publish: { node, items: [item] },
      ...(options && { publishOptions: { form: formOf(PUBLISH_OPTIONS, options, plainNames) } }),
    })
  } catch (error) {
    if (!(error instanceof Problem) || !error.options.errors) throw error
    const errors = error.options.errors.map(({ path, message }) => ({
      path: path.replace(/^publish\.items\.0\.content/, 'body.payload'),
      message,
    }))
    throw new Problem(error.code, error.message, { ...error.options, errors, cause: error.cause })
  }
}

/** Exactly one element, as JSON or as XML. */
function contentOf({ payload, xml }: Pick<NewItem, 'payload' | 'xml'>, limit: number): Record<string, unknown> {
  if (payload !== undefined && xml !== undefined) throw invalidRequest('body.xml', 'must not stand beside payload')
  if (xml !== undefined) return { element: readExtension(readXml(xml, 'body.xml', limit)) }
  if (payload === undefined) throw invalidRequest('body.payload', 'is required')
  return payload
}
