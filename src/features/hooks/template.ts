/** Templates of callers (Mustache). There are no partials, and nothing is escaped: a message is no HTML. */
import mustache from 'mustache'

/** What is wrong with a template; undefined: nothing. */
export function templateFault(template: string): string | undefined {
  try {
    mustache.parse(template)
    return undefined
  } catch (error) {
    return `is no Mustache template: ${(error as Error).message}`
  }
}

export function rendered(template: string, body: unknown): string {
  // each by a writer of its own, for that of the library remembers every template
  return new mustache.Writer().render(template, body, undefined, { escape: String })
}
