/** How results are written: for people as lines and tables, with `--json` as NDJSON, one value a line. */

/** one column of a table: its title, and what it shows of an item */
export type Column<Item> = readonly [title: string, show: (item: Item) => string | number | undefined]

export interface Output {
  /** one result; `text` says it to a person */
  result(value: unknown, text: string): void
  /** results that are alike */
  table<Item>(items: readonly Item[], columns: readonly Column<Item>[]): void
}

/** Control characters, and those that turn the direction of text: what comes from others is not to steer a terminal. */
const steering = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text of others for a terminal, on one line. */
export const plain = (text: string) => text.replaceAll('\n', '\\n').replaceAll('\t', ' ').replace(steering, escaped)

/** The same value for every reader of JSON, and safe to be shown. */
const jsonLine = (value: unknown) => JSON.stringify(value ?? null).replace(steering, escaped)

/** JSON for a person, over several lines. */
export const jsonText = (value: unknown) =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => line.replace(steering, escaped))
    .join('\n')

export function createOutput({ write, json }: { write: (text: string) => void; json: () => boolean }): Output {
  return {
    result(value, text) {
      write(`${json() ? jsonLine(value) : text}\n`)
    },
    table(items, columns) {
      if (json()) {
        for (const item of items) write(`${jsonLine(item)}\n`)
        return
      }
      const rows = [columns.map(([title]) => title), ...items.map((item) => columns.map(([, show]) => plain(String(show(item) ?? ''))))]
      const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)))
      for (const row of rows)
        write(
          `${row
            .map((cell, index) => cell.padEnd(widths[index]!))
            .join('  ')
            .trimEnd()}\n`,
        )
    },
  }
}
