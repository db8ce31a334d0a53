/**
 * Content negotiation (RFC 9110 section 12.5.1): the first of the offered types with the highest quality,
 * undefined where the caller takes none of them. No header takes anything.
 */
export function negotiate<Type extends string>(header: string | undefined, offered: readonly Type[]): Type | undefined {
  if (header === undefined || header.trim() === '') return offered[0]
  const ranges = header.split(',').map(parseRange)
  let best: { type: Type; quality: number } | undefined
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > (best?.quality ?? 0)) best = { type, quality }
  }
  return best?.type
}

interface Range {
  type: string
  quality: number
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 }
}

/** of the most specific range that matches */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  for (const candidate of [type, family, '*/*']) {
    const range = ranges.find((one) => one.type === candidate)
    if (range) return range.quality
  }
  return 0
}
