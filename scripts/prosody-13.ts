/**
 * Prosody 13 and its community modules from Debian's backports, unpacked beside the installed Prosody: what that one has not yet
 * (SASL2, bind2, FAST). Needs no root: nothing is installed.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../test/support/processes.ts'

const run = promisify(execFile)
const place = fileURLToPath(new URL('../node_modules/.cache/stanzagate/prosody-13', import.meta.url))

/** apt with lists of its own; the release itself is among them, for one that has the packages. The program looks for its parts where it was unpacked. */
const unpack = `
set -eu
cd "$1"
. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
printf 'deb %s %s main\\n' "$mirror" "$VERSION_CODENAME" "$mirror" "$VERSION_CODENAME-backports" > sources.list
mkdir -p lists/partial cache/archives/partial
apt() { apt-get -q -y -o Dir::Etc::sourcelist="$1/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$1/lists" -o Dir::Cache="$1/cache" -o APT::Sandbox::User=root -t "$VERSION_CODENAME-backports" "$2" $3 < /dev/null; }
apt "$1" update ''
apt "$1" download 'prosody prosody-modules'
for package in *.deb; do dpkg -x "$package" .; done
sed -i "s#/usr/lib/prosody#$2/usr/lib/prosody#g" usr/bin/prosody
rm -rf lists cache *.deb
`

/** The path of the program; unpacked where it is not yet there. */
export async function prosody13(): Promise<string> {
  const program = join(place, 'usr/bin/prosody')
  if (existsSync(program)) return program
  const folder = temporaryFolder('prosody-13')
  try {
    await run('sh', ['-c', unpack, 'unpack', folder, place], { env: { ...process.env, LC_ALL: 'C' } })
    mkdirSync(dirname(place), { recursive: true })
    try {
      renameSync(folder, place)
    } catch (error) {
      // somebody else was first, or the cache is on another disk
      if (!existsSync(program)) await run('cp', ['-r', folder, place])
      if (!existsSync(program)) throw error
    }
    return program
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
