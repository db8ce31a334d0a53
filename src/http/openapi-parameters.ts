/** Parameters that several operations have, said once in the document. */

interface Parameter {
  name: string
  description?: string
  schema?: { description?: string }
}
type Operations = Record<string, Record<string, { parameters?: (Parameter | { $ref: string })[] }>>
interface Document {
  paths: Operations
  components: { parameters: Record<string, unknown> }
}

/** Names each parameter that comes more than once, by its own name and where that is taken with a number. */
export function withSharedParameters<Given>(given: Given): Given {
  const document = given as unknown as Document
  const parameters = { ...document.components.parameters }
  const counts = new Map<string, number>()
  const each = (change: (parameter: Parameter) => Parameter | { $ref: string }): Operations =>
    mapped(document.paths, (path) =>
      mapped(path, (operation) =>
        operation.parameters === undefined
          ? operation
          : { ...operation, parameters: operation.parameters.map((one) => ('$ref' in one ? one : change(saidOnce(one)))) },
      ),
    )

  each((parameter) => {
    const text = JSON.stringify(parameter)
    counts.set(text, (counts.get(text) ?? 0) + 1)
    return parameter
  })
  const names = new Map<string, string>()
  const paths = each((parameter) => {
    const text = JSON.stringify(parameter)
    if (counts.get(text) === 1) return parameter
    const name = names.get(text) ?? freeName(parameter.name, parameters)
    names.set(text, name)
    parameters[name] = parameter
    return { $ref: `#/components/parameters/${name}` }
  })
  return { ...document, paths, components: { ...document.components, parameters } } as unknown as Given
}

function freeName(name: string, taken: Record<string, unknown>): string {
  for (let number = 1; ; number += 1) {
    const one = number === 1 ? name : `${name}${number}`
    if (!(one in taken)) return one
  }
}

/** The generator writes the description of a schema twice: to the parameter too. */
function saidOnce(parameter: Parameter): Parameter {
  const { description, ...schema } = parameter.schema ?? {}
  return description !== undefined && description === parameter.description ? { ...parameter, schema } : parameter
}

const mapped = <Value>(all: Record<string, Value>, change: (value: Value) => Value): Record<string, Value> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value)]))
