/**
 * Installs the real servers and clients that the demo and the tests need, where they are missing: `node scripts/install.ts prosody redis`.
 * Debian and Ubuntu, by apt, without questions and without starting a service. Elsewhere it says what to install.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What can be asked for: Debian's package, and how to see that it is there. */
const tools = {
  prosody: { package: 'prosody', present: () => findProgram('prosody') !== undefined },
  'prosody-sqlite': {
    package: 'lua-dbi-sqlite3',
    present: () => isInstalled('lua-dbi-sqlite3'),
  },
  'ejabberd-sqlite': {
    package: 'erlang-p1-sqlite3',
    present: () => isInstalled('erlang-p1-sqlite3'),
  },
  faketime: { package: 'faketime', present: () => findProgram('faketime') !== undefined },
  redis: { package: 'redis-server', present: () => findProgram('redis-server') !== undefined },
  ejabberd: { package: 'ejabberd', present: () => findProgram('ejabberdctl') !== undefined && findProgram('erl') !== undefined },
  slixmpp: {
    package: 'python3-slixmpp',
    present: () => spawnSync('/usr/bin/python3', ['-c', 'import slixmpp'], { stdio: 'ignore' }).status === 0,
  },
  pyyaml: {
    package: 'python3-yaml',
    present: () => spawnSync('/usr/bin/python3', ['-c', 'import yaml'], { stdio: 'ignore' }).status === 0,
  },
  wrk: { package: 'wrk', present: () => findProgram('wrk') !== undefined },
  chromium: { package: 'chromium', present: () => findProgram('chromium') !== undefined },
  openssl: { package: 'openssl', present: () => findProgram('openssl') !== undefined },
} as const

/** A package without a program of its own. */
function isInstalled(name: string): boolean {
  return spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status === 0
}

export type Tool = keyof typeof tools

/** The path of a program, looked for in PATH and where Debian keeps daemons; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * Runs as root. A temporary policy-rc.d keeps the packages' services from starting; one that somebody else put there stays as it is.
 * The lock is on dpkg's own folder, held by the kernel for as long as this shell lives, so that nothing is left when it dies.
 * The marker tells our policy-rc.d from others, so that one left by a power cut is cleared by the next run.
 */
export const script = ({ policy = '/usr/sbin/policy-rc.d', lock = '/var/lib/dpkg' } = {}) => `
set -eu
exec 9< ${lock}
flock 9
policy=${policy}
marker='# stanzagate: no service starts while its test servers are installed'
remove_ours() { if [ -f "$policy" ] && grep -qF "$marker" "$policy"; then rm -f "$policy"; fi; }
remove_ours
trap remove_ours EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
  (set -C; printf '#!/bin/sh\\n%s\\nexit 101\\n' "$marker" > "$policy")
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" < /dev/null; }
known() { for name do apt-cache policy "$name" | grep -q 'Candidate: [^(]' || return 1; done; }
known "$@" || apt update
apt install --no-install-recommends "$@" || { apt update; apt install --no-install-recommends "$@"; }
`

/**
 * Makes sure that the tools are installed. Resolves at once when they are.
 * Throws an Error whose message is a hint for a person, naming the packages, where it cannot install them.
 */
export async function install(wanted: readonly Tool[], say: (line: string) => void = console.error): Promise<void> {
  const missing = wanted.filter((name) => !tools[name].present())
  if (missing.length === 0) return
  const packages = missing.map((name) => tools[name].package)
  const hint = `Please install: ${packages.join(' ')}`
  if (!isDebianLike()) throw new Error(`${hint}. This system is neither Debian nor Ubuntu, so that cannot be done for you here.`)
  const isRoot = process.getuid?.() === 0
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(
      `${hint}. That needs root, and sudo is not to be had without a password. Try: sudo apt-get install ${packages.join(' ')}`,
    )
  }
  say(`Installing ${packages.join(', ')} (no service is started) …`)
  const command = [...(isRoot ? [] : ['sudo', '-n']), 'sh', '-c', script(), 'install', ...packages]
  const { code, output } = await run(...command)
  const still = missing.filter((name) => !tools[name].present())
  if (code !== 0 || still.length > 0) throw new Error(`${hint}. Installing them failed (exit ${code}):\n${output}`)
}

function isDebianLike(): boolean {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return findProgram('apt-get') !== undefined && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)
}

/** A signal that comes meanwhile goes on to the installer, which finishes its step and cleans up; then it is ours again. */
async function run(program = '', ...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-4_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let received: NodeJS.Signals | undefined
  const pass = (signal: NodeJS.Signals) => {
    received = signal
    child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, output }))
    })
  } finally {
    for (const signal of signals) process.off(signal, pass)
    if (received !== undefined) process.kill(process.pid, received)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2)
  const unknown = names.filter((name) => !Object.hasOwn(tools, name))
  try {
    if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(', ')}. Known: ${Object.keys(tools).join(', ')}`)
    await install(names.length > 0 ? (names as Tool[]) : ['prosody', 'redis'])
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
