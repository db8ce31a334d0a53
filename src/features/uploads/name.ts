import { invalidRequest } from '../../errors/refusals.ts'

/** bytes of a name, as most file systems have it */
const NAME_MAX = 255

/** The name of a file without the folders before it. Throws invalid-request for what names none. */
export function fileNameOf(given: string, path: string): string {
  const name = (given.normalize('NFC').split(/[/\\]/).at(-1) ?? '').trim()
  if (name === '' || name === '.' || name === '..' || /\p{Cc}/u.test(name)) throw invalidRequest(path, 'is not the name of a file')
  if (Buffer.byteLength(name) > NAME_MAX) throw invalidRequest(path, `must have at most ${NAME_MAX} bytes`)
  return name
}
