/** Where lines of the log go: nobody ever waits for them, and what cannot be written is lost, and counted. */
import { fstatSync, write as writeTo } from 'node:fs'

/** characters of lines that leave together, and ms that a line waits for others: a system call costs more than a line */
const TOGETHER = 4096
const WAIT = 20
/** characters of lines that are kept where nobody takes them; what is logged beyond is lost */
const KEPT_MAX = 4 * 1024 * 1024
/** ms after which a file or a terminal that takes nothing now is tried again */
const AGAIN = 100

/** Writes a text of whole lines; `done` is told how many of them were not written, and the code of the error. */
export type Write = (text: string, done: (unwritten: number, reason?: string) => void) => void

export interface Output {
  write(line: string): void
  /** calls back once everything is written or lost; never where nobody takes it */
  flush(done: () => void): void
}

export function createOutput({
  write,
  onLost,
  onRoom,
}: {
  write: Write
  /** lines that will never be written, since writing `failed`, or since too many wait: `full` */
  onLost: (lines: number, why: 'failed' | 'full') => void
  /** something was written again after so many lines were lost, the last of them for this reason */
  onRoom: (lines: number, reason: string) => void
}): Output {
  let waiting = ''
  let writing = false
  let isDue = false
  let isRoom = false
  const lost = { lines: 0, reason: '' }
  let flushed: (() => void)[] = []

  function lose(lines: number, why: 'failed' | 'full', reason: string): void {
    lost.lines += lines
    lost.reason = reason
    onLost(lines, why)
  }

  function take(): string {
    const text = waiting
    waiting = ''
    return text
  }

  /** Nothing waits then, so that what it logs has room itself. */
  function tellRoom(): void {
    const { lines, reason } = lost
    lost.lines = 0
    isRoom = false
    onRoom(lines, reason)
  }

  function next(): void {
    isDue = false
    if (writing) return
    writing = true
    let text = take()
    if (isRoom) {
      tellRoom()
      text += take()
    }
    if (text !== '') {
      write(text, written)
      return
    }
    writing = false
    const all = flushed
    flushed = []
    for (const done of all) done()
  }

  function written(unwritten: number, reason?: string): void {
    writing = false
    isRoom = reason === undefined && lost.lines > 0
    if (reason !== undefined) lose(unwritten, 'failed', reason)
    if (isRoom || flushed.length > 0 || waiting.length >= TOGETHER) next()
  }

  return {
    write(line) {
      if (waiting.length + line.length > KEPT_MAX) return lose(1, 'full', 'full')
      waiting += line
      if (waiting.length >= TOGETHER) next()
      else if (!isDue) {
        isDue = true
        setTimeout(next, WAIT).unref()
      }
    },
    flush(done) {
      flushed.push(done)
      next()
    },
  }
}

/** Pipes and sockets take what they can, without anybody waiting for whoever reads them. Files and terminals are written by node's threads. */
export function standardOutput(): Write {
  const stats = fstatSync(process.stdout.fd)
  return stats.isFIFO() || stats.isSocket() ? toPipe : toFile(process.stdout.fd)
}

function toPipe(text: string, done: Parameters<Write>[1]): void {
  process.stdout.write(text, (error?: NodeJS.ErrnoException | null) => {
    if (error) done(linesIn(Buffer.from(text)), error.code ?? error.name)
    else done(0)
  })
}

export function toFile(descriptor: number): Write {
  /** the last line that was written is not a whole one */
  let isTorn = false
  return (text, done) => {
    const bytes = Buffer.from(isTorn ? `\n${text}` : text)
    function from(begin: number): void {
      writeTo(descriptor, bytes, begin, bytes.length - begin, null, (error, written = 0) => {
        if (error?.code === 'EAGAIN' || (error === null && written === 0)) return void setTimeout(from, AGAIN, begin).unref()
        const end = begin + written
        if (error === null && end < bytes.length) return from(end)
        if (end > 0) isTorn = bytes[end - 1] !== NEWLINE
        if (error) done(linesIn(bytes.subarray(end)), error.code ?? error.name)
        else done(0)
      })
    }
    from(0)
  }
}

const NEWLINE = 0x0a

function linesIn(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}
