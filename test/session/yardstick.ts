import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { silentAudit } from '../../src/audit/audit-log.ts'
import type { Role, SessionId, Subject } from '../../src/base/brand.ts'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { openSessionGate } from '../../src/enforce/session-gate.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { EmbeddedPostgres } from '../support/postgres.ts'
import type { Random } from '../support/random.ts'
import { grantsNamed } from './gate-script.ts'
import type { ScriptStep } from './random-session.ts'
import { TextJudge } from './text-judge.ts'
import { messagesOf, openWire } from './wire-connection.ts'

const SCRIPT_TIMEOUT_MS = 60_000
const LOST = 'the server ended the session'
const DENIED = 'permission denied by access policy'

export async function within<T>(run: Promise<T>, about: string): Promise<T> {
  return run.catch((error: Error) => {
    throw new Error(`${error.message}\n${about}`)
  })
}

/** Sends the script straight to the server. */
export async function runStraight(server: EmbeddedPostgres, script: readonly ScriptStep[]): Promise<string[]> {
  const socket = await openWire(server.port)
  socket.write(truncate())
  const received = collect(socket)
  socket.write(Buffer.concat(script.map((step) => step.straight)))
  return transcript(await received)
}

function truncate(): Buffer {
  return Buffer.from('Q\0\0\0\x0ftruncate t\0', 'latin1')
}

/** Sends it through a gate, in pieces of any size. */
export async function runGated(
  server: EmbeddedPostgres,
  script: readonly ScriptStep[],
  random: Random,
): Promise<string[]> {
  const socket = await openWire(server.port)
  const received: Buffer[] = []
  let ended: string | undefined
  const judge = new TextJudge((statement, { grants }) => grants.scopes.length > 0 && !statement.includes('secret'))
  // Grants change at once, so what came before them must have been judged.
  const isSteady = script.every(({ scopes }) => scopes === undefined)
  judge.slow = isSteady && random.below(2) === 0
  const finished = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end: ${tail(received)}`)), SCRIPT_TIMEOUT_MS)
    const look = () => {
      if (!isOver(Buffer.concat(received)) && ended === undefined) return
      clearTimeout(timer)
      resolve()
    }
    const gate = openSessionGate(
      {
        judge,
        grants: grantsNamed('x'),
        identity: {
          issuer: 'https://id.example.com',
          subject: 'ada' as Subject,
          clientId: undefined,
          scopes: [],
          claims: {},
          expiresAtSeconds: 0,
          role: 'postgres' as Role,
        },
        sessionId: '0' as SessionId,
        database: 'postgres',
        clientAddress: '127.0.0.1',
        audit: silentAudit,
        log: silentLog,
        // Bursts are cut off anywhere.
        clock: isSteady ? restlessClock(random) : new FakeClock(),
        maxStatementBytes: 100_000,
      },
      {
        toServer: (chunk) => void socket.write(Buffer.from(chunk)),
        toClient: (chunk) => {
          received.push(Buffer.from(chunk))
          look()
        },
        onStall() {},
        onEnd: (error) => {
          ended = error?.code === 'SERVER_LOST' ? LOST : (error?.stack ?? 'ended')
          look()
        },
      },
    )
    // A server that ends the session with input unread resets the connection, and its last words may be lost.
    socket.on('close', () => gate.serverClosed())
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; ) {
        const end = at + 1 + random.below(chunk.length - at)
        gate.fromServer(chunk.subarray(at, end))
        at = end
      }
    })
    let all = truncate()
    const push = () => {
      for (let at = 0; at < all.length; ) {
        const end = random.below(3) === 0 ? all.length : at + 1 + random.below(all.length - at)
        gate.fromClient(all.subarray(at, end))
        at = end
      }
      all = Buffer.alloc(0)
    }
    for (const { gated, scopes } of script) {
      if (scopes !== undefined) {
        push()
        gate.setGrants(grantsNamed(...scopes))
      }
      all = Buffer.concat([all, gated])
    }
    push()
  })
  await finished
  socket.destroy()
  return [...transcript(Buffer.concat(received)), ...(ended === undefined ? [] : [ended])]
}

function restlessClock(random: Random): Clock {
  const clock = new FakeClock()
  let nowMs = 1
  clock.nowMs = () => {
    nowMs += random.below(3)
    return nowMs
  }
  return clock
}

function collect(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const timer = setTimeout(() => reject(new Error(`no end: ${tail(received)}`)), SCRIPT_TIMEOUT_MS)
    const over = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Buffer.concat(received))
    }
    socket.on('close', over)
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk)
      if (isOver(Buffer.concat(received))) over()
    })
  })
}

function isOver(stream: Buffer): boolean {
  const at = stream.indexOf('end of script')
  return at >= 0 && stream.subarray(-6, -1).toString('latin1') === 'Z\0\0\0\x05'
}

function tail(received: Buffer[]): string {
  return transcript(Buffer.concat(received)).join('\n')
}

function transcript(stream: Buffer): string[] {
  return messagesOf(stream).map(({ tag, body }) => {
    if (tag !== 'E' && tag !== 'N') return `${tag} ${body.toString('latin1').replaceAll('\0', '·')}`
    const fields = parseErrorFields(body)
    return `${tag} ${fields.get('V')} ${fields.get('C')} ${fields.get('M')}`
  })
}

/**
 * Where the gate denied, the server may have said anything; where the server failed at the yardstick, the gate denied.
 * `isRevoked`: rights went and came meanwhile.
 */
export function assertSame(gated: string[], straight: string[], about: string, isRevoked = false): void {
  // A message that has no place in COPY data ends the session either way, here a message earlier.
  if (straight.some((line) => line.startsWith('E FATAL 08P01'))) {
    assert.match(gated.at(-1) ?? '', /during COPY from stdin/, about)
    return
  }
  // PostgreSQL ends a session itself at times: "DefineSavepoint: unexpected state STARTED". Then what either was told
  // last may be lost.
  if (isCut(straight) && isCut(gated) && ['ended', LOST].includes(gated.at(-1) ?? '')) {
    const length = Math.min(straight.filter(isNoEnd).length, gated.filter(isNoEnd).length)
    gated = gated.slice(0, length)
    straight = straight.slice(0, length)
  }
  const differs = straight.findIndex((line, at) => !matches(gated[at], line, isRevoked))
  const same = differs < 0 && gated.length === straight.length
  const context = [`gated:\n${gated.join('\n')}`, `straight:\n${straight.join('\n')}`].join('\n')
  assert.ok(same, `line ${differs}\n${context}\n${about}`)
}

const isCut = (transcript: string[]) => !transcript.some((line) => line.includes('end of script'))
const isNoEnd = (line: string) => !line.startsWith('E FATAL') && line !== 'ended' && line !== LOST

const MISSING = /^E ERROR (26000|34000) .*does not exist$/

function matches(gated: string | undefined, straight: string, isRevoked: boolean): boolean {
  if (gated === undefined) return false
  if (gated.startsWith('E ') && gated.includes(DENIED)) return straight.startsWith('E ERROR')
  // Where rights went, a name that means nothing is said to mean nothing.
  if (isRevoked && (straight.includes('zzz_denied') || MISSING.test(straight)) && MISSING.test(gated)) return true
  return gated === straight
}

export function shown(script: readonly ScriptStep[]): string {
  return script.map(({ gated }) => JSON.stringify(gated.toString('latin1'))).join('\n')
}
