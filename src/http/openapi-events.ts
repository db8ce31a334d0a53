/** What all events have, said once in the document. */

interface ObjectSchema {
  properties?: Record<string, { const?: unknown }>
  required?: string[]
  description?: string
}

const HEAD = 'EventHead'
const OWN = ['type', 'data']

/** Gives each event the head that all have, by a reference, and keeps of it what is its own: `type` and `data`. */
export function withEventHead<Given>(document: Given): Given {
  const { schemas } = (document as { components: { schemas: Record<string, ObjectSchema> } }).components
  let head: object | undefined
  const shared = Object.entries(schemas).map(([name, schema]): [string, object] => {
    const { properties = {}, required = [], description } = schema
    if (!name.endsWith('Event') || properties.specversion === undefined || properties.type?.const === undefined) return [name, schema]
    const { type, data, ...rest } = properties
    head ??= { type: 'object', properties: rest, required: required.filter((one) => !OWN.includes(one)) }
    const own = { type: 'object', properties: { type, data }, required: OWN }
    return [name, { allOf: [{ $ref: `#/components/schemas/${HEAD}` }, own], ...(description !== undefined && { description }) }]
  })
  const all = Object.fromEntries([...shared, ...(head ? [[HEAD, head] as const] : [])])
  return { ...document, components: { ...(document as { components: object }).components, schemas: all } }
}
