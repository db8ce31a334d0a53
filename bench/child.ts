/** A measured process of its own: what it is told goes as messages, and so does what it tells. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** ms that any step of a child may take */
const STEP_DEADLINE = 120_000

export interface Child {
  readonly pid: number
  tell(message: Record<string, unknown>): void
  /** The first message from now on that has this member; its value. */
  hear(member: string): Promise<unknown>
  stop(): Promise<void>
}

/** Starts `<name>.ts` of this folder with one JSON argument. It ends when it is disconnected. */
export function startChild(
  name: string,
  argument: unknown,
  env: Readonly<Record<string, string>> = {},
  execArgv: readonly string[] = [],
): Child {
  const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), [JSON.stringify(argument)], {
    env: { ...process.env, ...env },
    execArgv: [...execArgv],
    // what it says by the way (logs) is not looked at
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    pid: child.pid!,
    tell: (message) => {
      child.send(message)
    },
    hear: (member) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer)
          child.off('message', onMessage)
          child.off('exit', onExit)
        }
        const onMessage = (message: Record<string, unknown>) => {
          if (!(member in message)) return
          stop()
          resolve(message[member])
        }
        const onExit = () => {
          stop()
          reject(new Error(`${name} ended`))
        }
        const timer = setTimeout(() => {
          stop()
          reject(new Error(`${name} is late with ${member}`))
        }, STEP_DEADLINE)
        child.on('message', onMessage)
        child.on('exit', onExit)
      }),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await gone
    },
  }
}
