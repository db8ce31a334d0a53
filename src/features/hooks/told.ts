/** What a format makes of a body. */

/** Something that comes again though it was told is one of these. */
export type Repeats =
  /** what the other service calls one delivery */
  { by: 'delivery'; id: string } | OfGroup

/** A group of alerts, and how they are: told again only once they are otherwise. */
export interface OfGroup {
  by: 'group'
  group: string
  state: string
}

export interface Told {
  text: string
  repeats?: Repeats
}

/** What came: the body as text, as JSON where it is JSON, and the headers. */
export interface Delivery {
  text: string
  json: unknown
  headers: Readonly<Record<string, string | undefined>>
}

/** Throws the problem invalid-request where it is nothing that this format knows. */
export type Format = (delivery: Delivery) => Told
