import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../errors/problem.ts'

export interface KnownPaths {
  /** Matched by the router, and yet not this route: an empty id is none, and a fixed path is no id. */
  isElsewhere(request: FastifyRequest): boolean
  /** the problem of a request that no route takes: `not-found`, or `method-not-allowed` with its `Allow` */
  noRoute(request: FastifyRequest): Problem
}

/** Remembers which methods each path has; called before the first route. */
export function createKnownPaths(server: FastifyInstance): KnownPaths {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
    const route = known.get(url) ?? { pattern, methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    known.set(url, route)
  })
  const pathOf = (url: string) => url.split('?', 1)[0] as string

  /** the methods of a path without parameters */
  function fixed(url: string): Set<string> | undefined {
    const path = pathOf(url)
    return /[:*]/.test(path) ? undefined : known.get(path)?.methods
  }

  /** a fixed path wins over a pattern, as it does in the router */
  function methodsOf(url: string): string[] {
    const path = pathOf(url)
    const patterns = [...known.values()].filter(({ pattern }) => pattern.test(path))
    return [...(fixed(url) ?? new Set(patterns.flatMap(({ methods }) => [...methods])))].sort()
  }

  return {
    isElsewhere({ method, url, params }) {
      const given = Object.values(params as Record<string, string>)
      if (given.length === 0) return false
      const methods = fixed(url)
      return given.includes('') || (methods !== undefined && !methods.has(method))
    },
    noRoute({ url }) {
      const allow = methodsOf(url).join(', ')
      if (allow === '') return new Problem('not-found', 'There is no such route.')
      return new Problem('method-not-allowed', `This route takes ${allow}.`, { headers: { allow } })
    },
  }
}
