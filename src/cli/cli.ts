import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import type { Output } from './output.ts'

/** What each command is given. */
export interface Cli extends Output {
  /** with the key of the environment; a command that has none ends as wrongly used */
  client(): Client
  /** where the gateway is */
  url: string
  /** the session of `--session`, as a parameter of a call */
  session(): { session?: string }
  /** all of standard input */
  input(): Promise<string>
  env: Readonly<Record<string, string | undefined>>
}

export type AddCommand = (program: Command, cli: Cli) => void

/** exit codes */
export const DONE = 0
export const PROBLEM = 1
export const USAGE = 2
export const TIMED_OUT = 3

interface Page<Item> {
  data: readonly Item[]
  page: { next?: string; complete: boolean }
}

/** All items of a list, page by page. */
export async function everyItem<Item>(read: (after: { after?: string }) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  let after: string | undefined
  do {
    const { data, page } = await read(after === undefined ? {} : { after })
    items.push(...data)
    after = page.complete ? undefined : page.next
  } while (after !== undefined)
  return items
}
