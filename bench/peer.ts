/** The other end of a measurement: counts the messages that arrive, or sends many. */
import { once } from 'node:events'
import { rawClient } from './raw-client.ts'

const { socket, jid } = await rawClient(JSON.parse(process.argv[2]!))
const needle = Buffer.from('</message>')
let tail = Buffer.alloc(0)
let count = 0
let wanted = Number.POSITIVE_INFINITY
/** ids are never used twice: the gateway tells a repeated one from the same sender once */
let written = 0

socket.on('data', (chunk: Buffer) => {
  const bytes = Buffer.concat([tail, chunk])
  let end = 0
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, end)) {
    count++
    end = at + needle.length
  }
  tail = bytes.subarray(Math.max(end, bytes.length - needle.length + 1))
  if (count < wanted) return
  wanted = Number.POSITIVE_INFINITY
  process.send!({ arrived: count })
})
process.on('message', async (message: { expect?: number; count?: true; send?: number; to?: string; body?: string }) => {
  if (message.expect !== undefined) {
    count = 0
    wanted = message.expect
    process.send!({ armed: true })
  }
  if (message.count) process.send!({ counted: count })
  if (message.send !== undefined) await send(message.send, message.to!, message.body!)
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: jid })

/** In batches, as fast as the socket takes them. */
async function send(total: number, to: string, body: string): Promise<void> {
  for (let sent = 0; sent < total; ) {
    let batch = ''
    for (let index = 0; index < 20 && sent < total; index++, sent++) {
      batch += `<message type='chat' to='${to}' id='m${written++}'><body>${body}</body></message>`
    }
    if (!socket.write(batch)) await once(socket, 'drain')
  }
  process.send!({ sent: total })
}
