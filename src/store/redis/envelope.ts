/** Values as they are kept: JSON in an envelope that says its version. A version that this build does not know is treated as absent. */
import type { Trace } from '../../gateway/ports/tracing.ts'
import { pack } from '../packed.ts'
import type { KeptData } from '../reading.ts'

const ENVELOPE_VERSION = 1

export function enclose(value: unknown): string {
  return `{"v":${ENVELOPE_VERSION},"d":${JSON.stringify(value ?? null)}}`
}

export function disclose<Value>(text: string | null | undefined): Value | undefined {
  const envelope = open(text)
  return envelope?.v === ENVELOPE_VERSION ? (envelope.d as Value) : undefined
}

const BEGINNING = `{"v":${ENVELOPE_VERSION},"d":{`
const DATA = ',"data":'
const PACKED = `z${ENVELOPE_VERSION} `

/**
 * An event, as `enclose` writes it; or where it is large and `packs`:
 * `z<version> <bytes of its data as JSON> <the rest of it as JSON>\n<the data, packed, in base64>`.
 */
export function encloseEvent(
  { data, ...rest }: { type: string; subject?: string | undefined; trace?: Trace | undefined; data: unknown },
  packs: boolean,
): string {
  const head = JSON.stringify(rest)
  const json = JSON.stringify(data)
  const packed = packs && json !== undefined ? pack(json) : undefined
  if (packed) return `${PACKED}${packed.size} ${head}\n${packed.bytes.toString('base64')}`
  return `${BEGINNING}${head.slice(1, -1)}${json === undefined ? '' : DATA + json}}}`
}

/** An event, its data left as it is kept: most of it goes on as it is. */
export function discloseEvent(text = ''): { type: string; subject: string | undefined; trace?: Trace; kept: KeptData } | undefined {
  try {
    if (text.startsWith(PACKED)) {
      const [size = '', head = ''] = text.slice(PACKED.length, text.indexOf('\n')).split(/ (.*)/s, 2)
      const bytes = Buffer.from(text.slice(text.indexOf('\n') + 1), 'base64')
      const { type, subject, trace } = JSON.parse(head)
      return { type, subject, trace, kept: { size: Number(size), bytes } }
    }
    if (!text.startsWith(BEGINNING)) return undefined
    // what is not data comes first; in a string every quote has a backslash before it
    const at = text.indexOf(DATA)
    const head = at === -1 ? text.slice(BEGINNING.length, -1) : `${text.slice(BEGINNING.length, at)}}`
    const { type, subject, trace } = JSON.parse(`{${head}`)
    return { type, subject, trace, kept: at === -1 ? undefined : text.slice(at + DATA.length, -2) }
  } catch {
    return undefined
  }
}

/** Whatever the version, for a reader that checks what it takes. */
export const discloseAny = (text: string): unknown => open(text)?.d

function open(text: string | null | undefined): { v: unknown; d: unknown } | undefined {
  if (text === null || text === undefined) return undefined
  try {
    const envelope: unknown = JSON.parse(text)
    return typeof envelope === 'object' && envelope !== null && 'v' in envelope && 'd' in envelope ? envelope : undefined
  } catch {
    return undefined
  }
}
