/** Which kinds of image an avatar may be, told by how they begin. */
export const imageTypes = ['image/png', 'image/jpeg', 'image/webp'] as const

type ImageType = (typeof imageTypes)[number] | 'image/gif'

/** Undefined for what is none of them: others could be more than an image in a browser. */
export function imageTypeOf(bytes: Buffer): ImageType | undefined {
  const head = bytes.subarray(0, 12).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('RIFF') && head.slice(8) === 'WEBP') return 'image/webp'
  return /^GIF8[79]a/.test(head) ? 'image/gif' : undefined
}
