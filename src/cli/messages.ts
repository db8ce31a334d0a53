import { Option } from 'commander'
import { type AddCommand, PROBLEM, TIMED_OUT } from './cli.ts'
import { jsonText } from './output.ts'

/** of a message, in the order in which they are reached */
const levels = ['accepted', 'sent', 'acked', 'delivered', 'displayed']

export const addSend: AddCommand = (program, cli) => {
  program
    .command('send')
    .description('send a message')
    .argument('<to>', 'JID of the recipient')
    .argument('<text>', 'what to say; - reads it from standard input')
    .addOption(new Option('--type <type>', 'kind of the message').choices(['chat', 'normal', 'headline', 'groupchat']))
    .option('--subject <subject>', 'subject of the message')
    .option('--thread <thread>', 'thread that it belongs to')
    .addOption(new Option('--wait <level>', 'wait until it is so far').choices(['acked', 'delivered']))
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(Number).default(30))
    .action(async (to: string, text: string, options) => {
      const { type, subject, thread, wait: level, timeout } = options
      const body = text === '-' ? (await cli.input()).replace(/\n$/, '') : text
      const wanted = level === undefined ? {} : { level, wait: timeout }
      const message = { to, body, ...(type && { type }), ...(subject && { subject }), ...(thread && { thread }) }
      const sent = await cli.client().messages.send({ ...cli.session(), ...message, ...wanted })
      cli.result(sent, `${sent.id}  ${sent.status}`)
      if (level === undefined || levels.indexOf(sent.status) >= levels.indexOf(level)) return
      const { code, detail } = { code: 'timed-out', detail: `It is ${sent.status}, and not ${level} within ${timeout} s`, ...sent.error }
      program.error(`${detail} (${code})`, { exitCode: sent.status === 'failed' || sent.status === 'expired' ? PROBLEM : TIMED_OUT })
    })
}

export const addTranslate: AddCommand = (program, cli) => {
  program
    .command('translate')
    .description('translate a stanza on standard input, XML to JSON or JSON to XML, without sending it')
    .action(async () => {
      const text = (await cli.input()).trim()
      if (text.startsWith('<')) {
        const json = await cli.client().translate({ xml: text })
        return cli.result(json, jsonText(json))
      }
      const xml = await cli.client().translate(stanzaOf(text))
      cli.result({ xml }, String(xml))
    })

  function stanzaOf(text: string): object {
    try {
      return JSON.parse(text)
    } catch {
      return program.error('Standard input is neither XML nor JSON', { exitCode: 2 })
    }
  }
}
