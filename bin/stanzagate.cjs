#!/usr/bin/env node
// Plain JavaScript of any age, so that an old Node says what it lacks in place of a syntax error.
'use strict'
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`stanzagate needs Node ≥ 22.19; this is ${process.versions.node}`)
  process.exit(1)
}
// without a command it is the gateway, and nothing of the command line is loaded
void import(process.argv.length > 2 ? '../dist/cli/main.js' : '../dist/main.js')
