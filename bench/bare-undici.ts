/** undici alone: the same body posted again and again, so many at one time. */
import { Agent, request } from 'undici'

const { url, body, headers, at } = JSON.parse(process.argv[2]!) as {
  url: string
  body: string
  headers: Record<string, string>
  at: number
}
const dispatcher = new Agent()
process.on('message', async ({ post }: { post: number }) => {
  let left = post
  await Promise.all(
    Array.from({ length: at }, async () => {
      while (left-- > 0) await (await request(url, { dispatcher, method: 'POST', headers, body })).body.dump()
    }),
  )
  process.send!({ posted: true })
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
