/**
 * What many connections and a slow reader cost the tunnel's process: memory and open files, from /proc, over TLS.
 * node dist/test/bench/tunnel-limits.js [connections] [short ones] [seconds a reader stops]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { createCertificateAuthority } from '../../src/demo/certificates.ts'
import { encodeAuthenticationOk, encodeAuthenticationSasl } from '../../src/wire/authentication.ts'
import { encodeReadyForQuery } from '../../src/wire/server-messages.ts'
import { encodeStartupMessage } from '../../src/wire/startup.ts'

const [connections = 1000, shortOnes = 10_000, stopSeconds = 60] = process.argv.slice(2).map(Number)
const AT_ONCE = 20
const STREAM_BYTES = 1e9
const directory = mkdtempSync(join(tmpdir(), 'pgoauth-bench-'))
const authority = createCertificateAuthority()
const certificate = authority.issue('localhost', { hosts: ['localhost'] })

const remote = createServer({ cert: certificate.cert, key: certificate.key, ALPNProtocols: ['postgresql'] }, serve)
remote.listen(0, '127.0.0.1')
await once(remote, 'listening')
const { port, child } = await startTunnel((remote.address() as { port: number }).port)
const pid = child.pid ?? 0
try {
  await inLanes(200)
  report('at rest, after 200 connections')

  const held: Socket[] = []
  for (let opened = 0; opened < connections; opened += AT_ONCE) {
    held.push(...(await Promise.all(Array.from({ length: AT_ONCE }, opening))))
  }
  report(`${held.length} connections held`)
  for (const socket of held) socket.destroy()
  await pause(2000)
  report('after they are closed')

  await inLanes(shortOnes)
  await pause(2000)
  report(`after ${shortOnes} short ones`)

  const reader = await opening()
  reader.pause()
  reader.write('D')
  await pause(1000)
  report('a reader has stopped in a result of 1 GB')
  await pause(stopSeconds * 1000)
  report(`${stopSeconds} s later`)
  let received = 0
  await new Promise<void>((resolve) => {
    reader.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received >= STREAM_BYTES) resolve()
    })
    reader.resume()
  })
  report('after it has read all of it')
} finally {
  child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exit(0)

function serve(socket: Socket): void {
  let stage = 0
  socket.on('error', () => {})
  socket.on('data', () => {
    if (stage === 0) socket.write(encodeAuthenticationSasl(['OAUTHBEARER']))
    else if (stage === 1) socket.write(Buffer.concat([encodeAuthenticationOk(), encodeReadyForQuery('I')]))
    else if (stage === 2) pour(socket).catch(() => {})
    stage += 1
  })
}

async function pour(to: Socket): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 0x2a)
  for (let sent = 0; sent < STREAM_BYTES; sent += chunk.length) if (!to.write(chunk)) await once(to, 'drain')
}

async function opening(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]))
  await once(socket, 'data')
  return socket
}

async function inLanes(count: number): Promise<void> {
  const lane = async () => {
    for (let done = 0; done < count / AT_ONCE; done++) {
      const socket = await opening()
      socket.end(Buffer.from('X\0\0\0\x04', 'latin1'))
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function report(what: string): void {
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  const files = readdirSync(`/proc/${pid}/fd`).length
  console.log(`${what}: ${Math.round(Number(rss) / 1024)} MB, ${files} open files`)
}

async function startTunnel(target: number) {
  const config = join(directory, '.config', 'pgoauth')
  mkdirSync(config, { recursive: true })
  writeFileSync(join(directory, 'ca.pem'), authority.cert)
  writeFileSync(join(directory, 'token'), 't')
  const profile = `{ host: localhost, port: ${target}, flow: token_file, token_file: ~/token, listen: '127.0.0.1:0',
    sslnegotiation: direct, tls: { ca: ~/ca.pem } }`
  writeFileSync(join(config, 'config.yaml'), `profiles:\n  bench: ${profile}\n`)
  const program = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
  const started = spawn(process.execPath, [program, 'connect', 'bench', '--json'], {
    env: { HOME: directory, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(started.stdout, 'data')
  return { port: JSON.parse(String(line)).port as number, child: started }
}
