import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })
const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))

/** A container may forbid ptrace, which strace is made of. */
function skipWithoutTracing(): string | false {
  const missing = skipWithout('psql', 'strace')
  if (missing) return missing
  return spawnSync(programPath('strace'), ['-o', '/dev/null', '/bin/true']).status === 0
    ? false
    : 'strace may not trace'
}

test('both sockets of a session have Nagle off and keepalive on, from half a minute of silence', {
  skip: skipWithoutTracing(),
}, async () => {
  const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca })
  const log = join(laptop.home, 'setsockopt')
  const connect = [PROGRAM, 'connect', 'prod', '--', programPath('psql'), '-Atc', 'select 1']
  // Without -f it is the main thread alone, which has all sockets.
  const words = ['-e', 'trace=setsockopt', '-o', log, process.execPath, ...connect]
  const child = spawn(programPath('strace'), words, { env: { PATH: process.env.PATH, ...laptop.env } })
  assert.equal(await text(child.stdout), '1\n')

  const settings = new Map<string, Set<string>>()
  const calls = readFileSync(log, 'utf8').matchAll(/setsockopt\((\d+), \w+, (\w+), \[(\d+)\]/g)
  for (const [, fd = '', option = '', value = ''] of calls) {
    const ofSocket = settings.get(fd) ?? new Set()
    settings.set(fd, ofSocket.add(`${option} ${value}`))
  }
  const tuned = [...settings.values()].filter((ofSocket) => ofSocket.has('TCP_NODELAY 1'))
  assert.equal(tuned.length, 2, 'the local socket and the remote one')
  for (const ofSocket of tuned) {
    assert.ok(ofSocket.has('SO_KEEPALIVE 1'), [...ofSocket].join())
    assert.ok(ofSocket.has('TCP_KEEPIDLE 30'), [...ofSocket].join())
  }
})
