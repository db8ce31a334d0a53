/** Requests that were let in and have not come to their end: what a stop waits for. */
import type { FastifyReply } from 'fastify'

export interface OpenRequests {
  /** counted until its response was written, or its caller has gone; a stream, until its connection is closed */
  add(reply: FastifyReply): void
  /** Each takes its connection with it from now on. Resolves when none is left, or `ms` passed. */
  finished(ms: number): Promise<void>
  /** those without any response yet */
  unanswered(): FastifyReply[]
}

export function createOpenRequests(): OpenRequests {
  const replies = new Set<FastifyReply>()
  let onLast = () => {}
  const unanswered = () => [...replies].filter(({ sent }) => !sent)

  return {
    add(reply) {
      replies.add(reply)
      reply.raw.once('close', () => {
        replies.delete(reply)
        if (replies.size === 0) onLast()
      })
    },
    async finished(ms) {
      for (const reply of unanswered()) reply.header('connection', 'close')
      if (replies.size === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      onLast = resolve
      const late = setTimeout(resolve, ms)
      await promise
      clearTimeout(late)
    },
    unanswered,
  }
}
