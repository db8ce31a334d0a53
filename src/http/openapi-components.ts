type Schemas = Record<string, object>
interface Document {
  components: { schemas: Schemas }
}

const OUTPUT = 'Output'
const PREFIX = '#/components/schemas/'

/**
 * The generator writes a schema of requests and answers twice where it cannot tell that both are the same, and gives names of
 * its own to references inside cycles. Both are taken out: one schema, one name.
 */
export function mergeComponents<Given>(document: Given): Given {
  const { schemas } = (document as Document).components
  const renames = new Map([...aliasesIn(schemas), ...twinsIn(schemas)])
  const merged = renamed(document, renames) as Document
  for (const name of renames.keys()) delete merged.components.schemas[name]
  return merged as Given
}

/** schemas that are nothing but a reference to another */
function aliasesIn(schemas: Schemas): [string, string][] {
  const target = (name: string): string => {
    const { $ref, ...rest } = schemas[name] as { $ref?: string }
    return $ref === undefined || Object.keys(rest).length > 0 ? name : target($ref.slice(PREFIX.length))
  }
  return Object.keys(schemas).flatMap((name) => (target(name) === name ? [] : [[name, unsuffixed(target(name), schemas)]]))
}

/** `XOutput` that is `X`, taking for granted that those that they refer to are merged too, until that holds for all */
function twinsIn(schemas: Schemas): [string, string][] {
  const aliases = aliasesIn(schemas)
  let twins = new Map(
    Object.keys(schemas).flatMap((name): [string, string][] =>
      unsuffixed(name, schemas) === name ? [] : [[name, unsuffixed(name, schemas)]],
    ),
  )
  for (;;) {
    const renames = new Map([...aliases, ...twins])
    const text = (name: string) => JSON.stringify(renamed(schemas[name], renames))
    const still = new Map([...twins].filter(([name, base]) => text(name) === text(base)))
    if (still.size === twins.size) return [...twins]
    twins = still
  }
}

function unsuffixed(name: string, schemas: Schemas): string {
  const base = name.slice(0, -OUTPUT.length)
  return name.endsWith(OUTPUT) && base in schemas ? base : name
}

const renamed = (value: unknown, renames: ReadonlyMap<string, string>): unknown =>
  JSON.parse(JSON.stringify(value), (_key, inner) => {
    // not only `$ref`: the mapping of a discriminator refers too
    if (typeof inner !== 'string' || !inner.startsWith(PREFIX)) return inner
    const name = inner.slice(PREFIX.length)
    return PREFIX + (renames.get(name) ?? name)
  })
