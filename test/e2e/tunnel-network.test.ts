import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
/** Of the test's own, so that runs at the same time do not meet. */
const NAME = `pgo${process.pid % 100_000}`
const [INSIDE, OUTSIDE] = [`${NAME}i`, `${NAME}o`]
const SUBNET = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) % 250}`

function ip(words: string): boolean {
  return spawnSync('/usr/sbin/ip', words.split(' ')).status === 0
}

/** A machine of its own for the tunnel, with one cable to this one; why not, where that cannot be made. */
function layCable(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a network of its own needs root on Linux'
  after(() => {
    ip(`netns delete ${NAME}`)
    ip(`link delete ${OUTSIDE}`)
  })
  const made =
    ip(`netns add ${NAME}`) &&
    ip(`link add ${OUTSIDE} type veth peer name ${INSIDE}`) &&
    ip(`link set ${INSIDE} netns ${NAME}`) &&
    ip(`address add ${SUBNET}.1/24 dev ${OUTSIDE}`) &&
    ip(`link set ${OUTSIDE} up`) &&
    ip(`-n ${NAME} address add ${SUBNET}.2/24 dev ${INSIDE}`) &&
    ip(`-n ${NAME} link set ${INSIDE} up`) &&
    ip(`-n ${NAME} link set lo up`)
  return made ? false : 'this system makes no network namespaces'
}

const SKIP = skipWithout('psql') || layCable()

test('a network that goes away and comes back, with another address, leaves the listener up', {
  skip: SKIP,
}, async () => {
  const certificates = testCertificates()
  const remote = await startOauthPostgres({ tls: certificates.server })
  await forward(`${SUBNET}.1`, remote.port)
  const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca, profile: 'listen: 127.0.0.1:6543' })
  const env = {
    PATH: process.env.PATH,
    ...laptop.env,
    PGOAUTH_HOST: `${SUBNET}.1`,
    PGOAUTH_TLS_SERVER_NAME: 'localhost',
  }
  const inside = (...command: string[]) => spawn('/usr/sbin/ip', ['netns', 'exec', NAME, ...command], { env })

  const tunnel = inside(process.execPath, PROGRAM, 'connect', 'prod', '--json')
  after(() => tunnel.kill('SIGKILL'))
  const lines: string[] = []
  createInterface({ input: tunnel.stderr }).on('line', (line) => lines.push(line))
  const [facts] = await once(tunnel.stdout, 'data')
  const { url } = JSON.parse(String(facts))
  const psql = () => inside(programPath('psql'), '-XAtq', '--no-password', url)
  const attempt = async (): Promise<string> => {
    const child = psql()
    child.stdin.end('select 1;')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    return stdout + stderr
  }

  const idle = psql()
  after(() => idle.kill('SIGKILL'))
  idle.stdin.write("select 'before';\n")
  assert.equal(String(await once(idle.stdout, 'data')), 'before\n')

  ip(`-n ${NAME} link set ${INSIDE} down`)
  const refused = await attempt()
  assert.match(refused, /FATAL: {2}pgoauth: the remote side cannot be reached: .*ENETUNREACH/)
  assert.match(refused, /HINT: {2}check host, port and network .*pgoauth doctor prod/)

  ip(`-n ${NAME} link set ${INSIDE} up`)
  assert.equal(await attempt(), '1\n')
  // The session slept through it.
  idle.stdin.write("select 'after';\n")
  assert.equal(String(await once(idle.stdout, 'data')), 'after\n')

  ip(`-n ${NAME} address add ${SUBNET}.3/24 dev ${INSIDE}`)
  ip(`-n ${NAME} address delete ${SUBNET}.2/24 dev ${INSIDE}`)
  ip(`-n ${NAME} address add ${SUBNET}.3/24 dev ${INSIDE}`)
  assert.equal(await attempt(), '1\n')
  assert.equal(tunnel.exitCode, null)
  assert.ok(lines.some((line) => /refused .*ENETUNREACH/.test(line)))
})

/** The remote side, at another address of this machine's. */
async function forward(address: string, port: number): Promise<void> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    pipeline(near, far, () => {})
    pipeline(far, near, () => {})
  })
  server.listen(port, address)
  await once(server, 'listening')
  after(() => void server.close())
}
