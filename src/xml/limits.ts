/** Limits of what is read, checked before anything is built of it. Each default can be set by the caller of the parser. */

export interface XmlLimits {
  /** of what one stanza says, in bytes of UTF-8 (weight.ts): servers may write each `"` as `&quot;` when they pass it on */
  bytes: number
  /** of the same as it was spelt: six times as many unless said, since no reference that servers write has more bytes for one */
  spelt: number
  /** elements inside each other, the stanza itself is 1 */
  depth: number
  /** of one element, namespace declarations included */
  attributes: number
  /** child elements of one element */
  children: number
  /** of one stanza, all in all */
  elements: number
  /** characters of the namespaces of all elements and attributes of one stanza: a prefix is short, and what it stands for is told with each */
  namespaces: number
  /** bytes of a stanza that is over a limit, while its end is looked for; beyond them it is refused after all */
  skipped: number
}

/** Servers' usual maximum is 256 KiB (XEP-0478 gives examples); the others are far above what any XEP needs. */
export const xmlLimits: Readonly<XmlLimits> = {
  bytes: 256 * 1024,
  spelt: 6 * 256 * 1024,
  depth: 64,
  attributes: 128,
  children: 10_000,
  elements: 100_000,
  namespaces: 4 * 1024 * 1024,
  skipped: 256 * 1024 * 1024,
}

/** These limits where they are given, the usual ones for the rest. */
export function limitsWith(given: Partial<XmlLimits> = {}): Readonly<XmlLimits> {
  const { bytes = xmlLimits.bytes } = given
  return { ...xmlLimits, spelt: bytes * (xmlLimits.spelt / xmlLimits.bytes), ...given }
}

/** bytes of a large stanza for each element that it may have: a small one takes ten times as much memory as its text */
const perElement = 40

/** For a stanza that may have so many bytes, since it was asked for: as many elements as there are in a list of that size. */
export function largerLimits(bytes: number): Readonly<XmlLimits> {
  const elements = Math.ceil(bytes / perElement)
  return limitsWith({ bytes, elements, children: elements, namespaces: Math.max(xmlLimits.namespaces, bytes) })
}

export interface JsonLimits {
  /** objects and arrays inside each other */
  depth: number
  /** keys of all objects together */
  keys: number
}

export const jsonLimits: Readonly<JsonLimits> = { depth: 32, keys: 1000 }
