import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Serves the API reference at `/docs`, to which `/` redirects: one page of plain HTML made from the OpenAPI document, with nothing from outside. */
export function registerDocs(server: FastifyInstance, document: () => Record<string, unknown>): void {
  let page: string | undefined
  server.get('/docs', { config: { token: 'none' } }, async (_request, reply) => {
    page ??= docsPage(document() as unknown as Document)
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
  })
  server.get('/', { config: { token: 'none' } }, async (_request, reply) => reply.redirect('/docs'))
}

interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: unknown[]
  const?: unknown
  format?: string
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: Schema | boolean
  default?: unknown
  example?: unknown
  examples?: unknown[]
}

interface Parameter {
  $ref?: string
  in: string
  name: string
  required?: boolean
  description?: string
  schema?: Schema
}

type Content = Record<string, { schema?: Schema; examples?: Record<string, { value: unknown }> }>

interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { $ref?: string; description?: string; content?: Content }>
}

interface Document {
  info: { title: string; version: string; description: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> }
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 65%, transparent) }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 60rem); gap: 2.5rem }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem; box-sizing: border-box; border-right: 1px solid var(--line); font-size: 13px }
nav a { display: block; padding: 1px 0; color: inherit; text-decoration: none } nav a:hover { text-decoration: underline }
nav b { display: block; margin-top: 1rem } main { padding: 1.5rem 1.5rem 6rem 0 }
section { border-top: 1px solid var(--line); padding: 1rem 0 } h3 { margin: 0 } code { font: 13px ui-monospace, monospace }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem } td { border-top: 1px solid var(--line); padding: .3rem .8rem .3rem 0; vertical-align: top }
td:first-child { white-space: nowrap } h4 { margin: 1rem 0 .2rem } p { margin: .3rem 0 } .soft { color: var(--soft) } .must { color: #b3261e }
@media (max-width: 60rem) { body { display: block; padding: 0 1rem } nav { position: static; height: auto; border: 0; padding: 1rem 0 } }
`
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function docsPage({ info, paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? '')
  const schemas = Object.entries(components.schemas).sort(([one], [other]) => (one < other ? -1 : 1))
  const menu = [...groups].map(
    ([tag, members]) =>
      `<b>${html(tag)}</b>${members.map(({ operation, method, path }) => link(operation.operationId, `${method} ${path}`)).join('')}`,
  )
  const sections = [...groups].flatMap(([tag, members]) => [
    `<h2>${html(tag)}</h2>`,
    ...members.map(({ method, path, operation }) => operationSection(method, path, operation, components)),
  ])
  return [
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${html(info.title)} API</title><style>${style}</style>`,
    `<nav><strong>${html(info.title)} ${html(info.version)}</strong><a href="/openapi.yaml">openapi.yaml</a>${menu.join('')}`,
    `<b>Schemas</b>${schemas.map(([name]) => link(`schema-${name}`, name)).join('')}</nav>`,
    `<main><h1>${html(info.title)}</h1>${prose(info.description)}${sections.join('')}<h2>Schemas</h2>`,
    ...schemas.map(([name, schema]) => schemaSection(name, schema)),
    '</main></html>',
  ].join('\n')
}

function operationSection(method: string, path: string, operation: Operation, { parameters }: Document['components']): string {
  const { operationId, summary = '', description, requestBody, responses } = operation
  const known = (operation.parameters ?? []).map((one) => (one.$ref ? (parameters[nameOf(one.$ref)] ?? one) : one))
  const rows = known.map(({ in: place, name, required, description = '', schema = {} }) =>
    row(
      `<code>${html(name)}</code>${required ? ' <span class="must">required</span>' : ''}`,
      `${typeOf(schema)} <span class="soft">in ${place}</span>`,
      prose(description || (schema.description ?? '')),
    ),
  )
  const answers = Object.entries(responses).map(([status, { description = '', content = {} }]) =>
    row(`<b>${status}</b>`, prose(description), contentOf(content)),
  )
  return [
    `<section id="${html(operationId)}"><h3><code>${method} ${html(path)}</code></h3><p><b>${html(summary)}</b> <span class="soft">${html(operationId)}</span></p>`,
    prose(description ?? ''),
    rows.length > 0 ? `<h4>Parameters</h4>${table(rows)}` : '',
    requestBody ? `<h4>Body${requestBody.required ? '' : ' <span class="soft">optional</span>'}</h4>${contentOf(requestBody.content)}` : '',
    `<h4>Answers</h4>${table(answers)}</section>`,
  ].join('')
}

function contentOf(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema = {}, examples = {} }]) => {
      const shown = Object.entries(examples).map(([name, { value }]) => exampleText(value, name))
      return `<div><code>${html(type)}</code> ${typeOf(schema)}${schema.$ref ? '' : members(schema)}${shown.join('')}</div>`
    })
    .join('')
}

const schemaSection = (name: string, schema: Schema) =>
  `<section id="schema-${html(name)}"><h3><code>${html(name)}</code></h3>${prose(schema.description ?? '')}<p>${typeOf(schema)}</p>${members(schema)}${exampleOf(schema)}</section>`

function members({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) =>
    row(
      `<code>${html(name)}</code>${required.includes(name) ? ' <span class="must">required</span>' : ''}`,
      typeOf(schema),
      `${prose(schema.description ?? '')}${schema.$ref ? '' : members(schema.items ?? schema)}`,
    ),
  )
  return rows.length > 0 ? table(rows) : ''
}

function exampleOf({ example, examples = [] }: Schema): string {
  const shown = example ?? examples[0]
  return shown === undefined ? '' : exampleText(shown, 'for example')
}

const exampleText = (value: unknown, name: string) =>
  `<p class="soft">${html(name)}: <code>${html(typeof value === 'string' ? value : JSON.stringify(value))}</code></p>`

function typeOf(schema: Schema): string {
  const { $ref, type, items, format, anyOf, oneOf, allOf, additionalProperties } = schema
  if ($ref) return `<a href="#schema-${html(nameOf($ref))}">${html(nameOf($ref))}</a>`
  const choices = anyOf ?? oneOf ?? allOf
  if (choices) return choices.map(typeOf).join(allOf ? ' &amp; ' : ' | ')
  if (schema.enum) return schema.enum.map((value) => `<code>${html(JSON.stringify(value))}</code>`).join(' | ')
  if (schema.const !== undefined) return `<code>${html(JSON.stringify(schema.const))}</code>`
  if (items) return `array of ${typeOf(items)}`
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    return `map of ${typeOf(additionalProperties)}`
  const named = [type ?? 'any'].flat().join(' | ')
  const preset = schema.default === undefined ? '' : `, default ${JSON.stringify(schema.default)}`
  return html(`${named}${format ? ` (${format})` : ''}${preset}`)
}

const nameOf = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1)
const link = (id: string, text: string) => `<a href="#${html(id)}">${html(text)}</a>`
const row = (...cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
const table = (rows: readonly string[]) => `<table>${rows.join('')}</table>`

/** Paragraphs and `code`; nothing else of Markdown is used in the descriptions. */
const prose = (text: string) =>
  text
    .split('\n\n')
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => `<p>${html(paragraph).replace(/`([^`]+)`/g, '<code>$1</code>')}</p>`)
    .join('')

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const html = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] as string)
