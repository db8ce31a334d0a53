/** What every payload keeps beside its members, said once in the document. */

interface Schema {
  properties?: Record<string, { $ref?: string }>
  additionalProperties?: unknown
}
interface Document {
  components: { schemas: Record<string, Schema> }
}

const NAME = 'Leftovers'
const REF = '#/components/schemas/'
const leftovers = { attributes: 'Attributes', extensions: 'Extensions', raw: 'Raw' }

/** Gives each payload what is kept of it by a reference, and keeps it closed to anything else. */
export function withLeftovers<Given>(given: Given): Given {
  const document = given as unknown as Document
  const schemas = Object.entries(document.components.schemas).map(([name, schema]): [string, object] => {
    const { properties = {}, additionalProperties, ...rest } = schema
    const hasAll = Object.entries(leftovers).every(([member, of]) => properties[member]?.$ref === REF + of)
    if (!hasAll || additionalProperties !== false) return [name, schema]
    const { attributes: _, extensions: __, raw: ___, ...own } = properties
    return [name, { ...rest, properties: own, allOf: [{ $ref: REF + NAME }], unevaluatedProperties: false }]
  })
  const shared = {
    type: 'object',
    description: 'What has no member of its own: unknown attributes and elements, and texts that a member cannot hold',
    properties: Object.fromEntries(Object.entries(leftovers).map(([member, of]) => [member, { $ref: REF + of }])),
  }
  return {
    ...document,
    components: { ...document.components, schemas: { ...Object.fromEntries(schemas), [NAME]: shared } },
  } as unknown as Given
}
