/**
 * Real servers for tests: spawned from a private folder, waited for, stopped and removed.
 * What is still running when the test process exits is killed with it, also when that is killed itself (Linux: setpriv --pdeathsig).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** ms that a server may take until its port answers */
const START_DEADLINE = 30_000
/** ms between SIGTERM and SIGKILL */
const STOP_DEADLINE = 10_000
/** characters of output kept, for the error of a start that fails */
const OUTPUT_MAX = 64 * 1024

export interface ServerOptions {
  command: string
  args: readonly string[]
  /** the server's own folder, removed by stop() */
  folder: string
  /** TCP ports on 127.0.0.1 that answer when the server is up */
  ports: readonly number[]
  env?: NodeJS.ProcessEnv
  uid?: number
  gid?: number
  /** signal the whole process group, for servers that are started by a script */
  group?: boolean
  /** signal that ends it; SIGKILL for one with nothing worth to be saved */
  stopSignal?: NodeJS.Signals
}

export interface Server {
  readonly pid: number
  readonly folder: string
  /** the last of stdout and stderr */
  output(): string
  signal(name: NodeJS.Signals): void
  /** ends the process, keeps the folder, so that another can be started on it */
  halt(signal?: NodeJS.Signals): Promise<void>
  /** ends the process and removes the folder; safe to be called twice */
  stop(): Promise<void>
}

/** Starts a server and resolves when all its ports answer; rejects with its output when it exits or is late. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { command, args, folder, ports, env, group = false, stopSignal = 'SIGTERM' } = options
  const [program = command, ...programArgs] = [...dieWithParent(), command, ...args]
  const child = spawn(program, programArgs, {
    cwd: folder,
    env: env ?? process.env,
    // a Ctrl-C of the terminal goes to us alone, and we end it in order
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  })
  const output = keepOutput(child)
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output.add(String(error))
      resolve()
    })
    child.once('exit', () => resolve())
  })
  let alive = true
  void ended.then(() => {
    alive = false
    process.off('exit', atExit)
  })

  function signal(name: NodeJS.Signals): void {
    if (!alive || child.pid === undefined) return
    try {
      process.kill(group ? -child.pid : child.pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  function atExit(): void {
    signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', atExit)

  async function halt(name: NodeJS.Signals = stopSignal): Promise<void> {
    signal(name)
    signal('SIGCONT')
    const late = setTimeout(() => signal('SIGKILL'), STOP_DEADLINE)
    try {
      await ended
    } finally {
      clearTimeout(late)
    }
  }
  async function stop(): Promise<void> {
    await halt()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  const deadline = Date.now() + START_DEADLINE
  try {
    for (const port of ports) {
      while (!(await answers(port))) {
        if (!alive) throw new Error(`${command} ended before port ${port} answered:\n${output.text()}`)
        if (Date.now() > deadline) throw new Error(`${command} is late on port ${port}:\n${output.text()}`)
        await delay(20)
      }
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid!, folder, output: output.text, signal, halt, stop }
}

/** A new private folder under the system's temporary one. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `stanzagate-${name}-`))
}

/** Ports that were free a moment ago on 127.0.0.1, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Full path of a program on PATH or in the usual system folders; throws with a hint of what to install. */
export function findProgram(name: string, debianPackage = name): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin', '/sbin', '/bin']
  for (const folder of folders) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  throw new Error(`${name} is not installed: apt-get install --no-install-recommends ${debianPackage}`)
}

/** util-linux's setpriv asks the kernel for it and then becomes the server, so the pid is the server's. */
export function dieWithParent(): string[] {
  try {
    return [findProgram('setpriv'), '--pdeathsig', 'KILL']
  } catch {
    return []
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function keepOutput(child: ChildProcess) {
  let kept = ''
  const add = (text: string) => {
    kept = (kept + text).slice(-OUTPUT_MAX)
  }
  child.stdout?.setEncoding('utf8').on('data', add)
  child.stderr?.setEncoding('utf8').on('data', add)
  return { add, text: () => kept }
}
