import { createHash } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { policyOf, type ServedFile, sendFile, servedFile } from './served-file.ts'

interface Reference {
  page: ServedFile
  script: ServedFile
  policy: string
}

/**
 * Serves the API reference at `/docs`: Scalar over `/openapi.yaml`, with nothing from outside. It is made when it is first asked for,
 * for its script has megabytes that most processes never need.
 */
export function registerReference(server: FastifyInstance): void {
  let made: Promise<Reference> | undefined
  function reference(): Promise<Reference> {
    made ??= makeReference().catch((error) => {
      made = undefined
      throw error
    })
    return made
  }
  server.get('/docs', { config: { token: 'none' } }, async (request, reply) => {
    const { page, policy } = await reference()
    return sendFile(request, reply.header('content-security-policy', policy), page)
  })
  server.get('/docs/scalar.js', { config: { token: 'none' } }, async (request, reply) =>
    sendFile(request, reply, (await reference()).script),
  )
}

const configuration = {
  // both below the place of the page, so that a proxy may serve it under a prefix
  url: 'openapi.yaml',
  cdn: 'docs/scalar.js',
  pageTitle: 'stanzagate API',
  favicon: 'data:,',
  // it would talk to its maker otherwise
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  // a token is forgotten with the page
  persistAuth: false,
  // the document puts first what matters
  orderSchemaPropertiesBy: 'preserve',
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
} as const

/** The plugin has the page below a redirect that knows no prefix, so it is asked here for the page and the script. */
async function makeReference(): Promise<Reference> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const maker = Fastify()
  try {
    await maker.register(scalar, { routePrefix: '/docs', configuration })
    const [page, script] = [await maker.inject('/docs/'), await maker.inject('/docs/js/scalar.js')]
    return {
      page: await servedFile('text/html; charset=utf-8', page.rawPayload),
      script: await servedFile('text/javascript; charset=utf-8', script.rawPayload),
      policy: policyFor(page.payload),
    }
  } finally {
    await maker.close()
  }
}

/** Its one script in the page is known by what it says; Scalar writes styles wherever it likes. */
function policyFor(page: string): string {
  const [, inline = ''] = /<script type="text\/javascript">(.*?)<\/script>/s.exec(page) ?? []
  const hash = createHash('sha256').update(inline).digest('base64')
  return policyOf({ 'script-src': `'self' 'sha256-${hash}'`, 'style-src': `'self' 'unsafe-inline'` })
}
