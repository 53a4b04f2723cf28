/**
 * What carrying a gigabyte costs the tunnel, beside HAProxy in TCP mode: CPU seconds of each process alone, from
 * /proc, the median of several rounds in turns. node dist/test/bench/tunnel.js [GB] [rounds]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../src/base/secret.ts'
import { createCertificateAuthority } from '../../src/demo/certificates.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import {
  encodeAuthenticationOk,
  encodeAuthenticationSasl,
  encodeSaslInitialResponse,
} from '../../src/wire/authentication.ts'
import { encodeReadyForQuery } from '../../src/wire/server-messages.ts'
import { encodeStartupMessage } from '../../src/wire/startup.ts'

const GIGABYTE = 1e9
const amountBytes = Number(process.argv[2] ?? 1) * GIGABYTE
const rounds = Number(process.argv[3] ?? 5)
const TICKS_PER_SECOND = 100
const directory = mkdtempSync(join(tmpdir(), 'pgoauth-bench-'))
const children: ChildProcess[] = []

const authority = createCertificateAuthority()
const certificate = authority.issue('localhost', { hosts: ['localhost', '127.0.0.1'] })

try {
  const plain = await listen(createServer({ noDelay: true, allowHalfOpen: true }, serve))
  const secure = await listen(
    createTlsServer({ cert: certificate.cert, key: certificate.key, ALPNProtocols: ['postgresql'] }, serve),
  )
  const haproxy = await startHaproxy(plain)
  const tunnel = await startTunnel('plain', [`port: ${plain}`, 'tls: { mode: disable }', 'insecure_loopback: true'])
  const secureTunnel = await startTunnel('secure', [
    `port: ${secure}`,
    `tls: { ca: ${join(directory, 'ca.pem')} }`,
    'sslnegotiation: direct',
  ])
  for (const direction of ['down', 'up'] as const) {
    const base: number[] = []
    const ours: number[] = []
    const overTls: number[] = []
    for (let round = 0; round < rounds; round++) {
      base.push(await costPerGigabyte(haproxy, direction, true))
      ours.push(await costPerGigabyte(tunnel, direction, false))
      overTls.push(await costPerGigabyte(secureTunnel, direction, false))
    }
    console.log(
      `${direction}: haproxy ${spread(base)} s/GB, tunnel ${spread(ours)} s/GB (${(median(ours) / median(base)).toFixed(2)} of it), ` +
        `tunnel with TLS to the remote side ${spread(overTls)} s/GB`,
    )
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exit(0)

/** A remote side: a handshake, then `down` sends the amount, `up` takes it and answers one byte. */
function serve(socket: Socket): void {
  let received = 0
  let stage = 0
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (stage === 0) socket.write(encodeAuthenticationSasl(['OAUTHBEARER']))
    else if (stage === 1) socket.write(Buffer.concat([encodeAuthenticationOk(), encodeReadyForQuery('I')]))
    else if (stage === 2 && chunk[0] === 0x44) pour(socket).catch(() => {})
    else if (stage === 2) received = 0
    else if (received >= amountBytes) socket.write('.')
    stage += 1
  })
}

async function pour(to: Socket): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 0x2a)
  for (let sent = 0; sent < amountBytes; sent += chunk.length) if (!to.write(chunk)) await once(to, 'drain')
}

async function costPerGigabyte(
  { port, pid }: { port: number; pid: number },
  direction: 'down' | 'up',
  withToken: boolean,
): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]))
  if (withToken) {
    await once(socket, 'data')
    socket.write(encodeSaslInitialResponse('OAUTHBEARER', encodeInitialResponse(new Secret('t'))))
  }
  await once(socket, 'data')
  const before = cpuSeconds(pid)
  if (direction === 'down') {
    socket.write('D')
    let received = 0
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received >= amountBytes) resolve()
      })
    })
  } else {
    socket.write('U')
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.resume()
    await Promise.all([once(socket, 'data'), pour(socket)])
  }
  const spent = cpuSeconds(pid) - before
  socket.destroy()
  return spent / (amountBytes / GIGABYTE)
}

/** The median, and what is least and most. */
function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

async function startHaproxy(target: number): Promise<{ port: number; pid: number }> {
  const probe = createServer()
  const port = await listen(probe)
  probe.close()
  await once(probe, 'close')
  const config = [
    'global',
    '  nbthread 1',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 600s',
    '  timeout server 600s',
    'listen bench',
    `  bind 127.0.0.1:${port}`,
    `  server remote 127.0.0.1:${target}`,
  ]
  writeFileSync(join(directory, 'haproxy.cfg'), `${config.join('\n')}\n`)
  const child = spawn('/usr/sbin/haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], { stdio: 'ignore' })
  children.push(child)
  await new Promise((resolve) => setTimeout(resolve, 500))
  return { port, pid: child.pid ?? 0 }
}

async function startTunnel(name: string, lines: string[]): Promise<{ port: number; pid: number }> {
  const home = join(directory, name)
  mkdirSync(join(home, '.config', 'pgoauth'), { recursive: true })
  writeFileSync(join(directory, 'ca.pem'), authority.cert)
  writeFileSync(join(home, 'token'), 't')
  const profile = ['host: localhost', 'flow: token_file', 'token_file: ~/token', 'listen: 127.0.0.1:0', ...lines]
  const config = `profiles:\n  bench:\n${profile.map((line) => `    ${line}\n`).join('')}`
  writeFileSync(join(home, '.config', 'pgoauth', 'config.yaml'), config)
  const program = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
  const child = spawn(process.execPath, [program, 'connect', 'bench', '--json'], {
    env: { HOME: home, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  const { port, pid } = JSON.parse(String(line))
  return { port, pid }
}
