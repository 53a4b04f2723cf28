import assert from 'node:assert/strict'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { silentAudit } from '../../src/audit/audit-log.ts'
import type { Role, SessionId, Subject } from '../../src/base/brand.ts'
import type { PgoauthError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { GateOptions, GateSinks, SessionGate } from '../../src/enforce/gate-contract.ts'
import type { Judge } from '../../src/enforce/judge.ts'
import { openSessionGate } from '../../src/enforce/session-gate.ts'
import type { Grants } from '../../src/policy/grants.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { StatementAnalysis } from '../../src/sql/analysis.ts'
import { encodeErrorResponse, parseErrorFields } from '../../src/wire/error-response.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import { encodeReadyForQuery, type TransactionStatus } from '../../src/wire/server-messages.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { TextJudge } from './text-judge.ts'

/** Messages of a server, for scripts. */
export const server = {
  bare: (tag: string) => new MessageWriter(5).begin(tag).end().finish(),
  parseComplete: new MessageWriter(5).begin('1').end().finish(),
  bindComplete: new MessageWriter(5).begin('2').end().finish(),
  closeComplete: new MessageWriter(5).begin('3').end().finish(),
  noData: new MessageWriter(5).begin('n').end().finish(),
  rowDescription: new MessageWriter().begin('T').int16(0).end().finish(),
  dataRow: new MessageWriter().begin('D').int16(0).end().finish(),
  copyIn: new MessageWriter().begin('G').byte(0).int16(0).end().finish(),
  copyOut: new MessageWriter().begin('H').byte(0).int16(0).end().finish(),
  complete: (tag = 'SELECT 1') => new MessageWriter().begin('C').cstring(tag).end().finish(),
  ready: (status: TransactionStatus = 'I') => encodeReadyForQuery(status),
  error: (code = '42601', message = 'from the server') => encodeErrorResponse({ severity: 'ERROR', code, message }),
  fatal: (code = '57P01') => encodeErrorResponse({ severity: 'FATAL', code, message: 'from the server' }),
}

export function grantsNamed(...scopes: string[]): Grants {
  const policy = { help: 'ask #data-access', errors: 'full' } as Policy
  return { policy, scopes } as unknown as Grants
}

/** A gate between an in-memory client and an in-memory server; reads as a transcript. */
export class GateScript {
  readonly gate: SessionGate
  readonly judge: Judge
  readonly audited: AuditEvent[] = []
  readonly writes: { toServer: number; toClient: number } = { toServer: 0, toClient: 0 }
  readonly stalls: boolean[] = []
  readonly completed: StatementAnalysis[] = []
  ended: { error: PgoauthError | undefined } | undefined
  #toServer: Buffer[] = []
  #toClient: Buffer[] = []

  constructor(options: Partial<GateOptions> = {}, onWholeTurn?: GateSinks['onWholeTurn']) {
    this.judge = options.judge ?? new TextJudge()
    this.gate = openSessionGate(
      {
        judge: this.judge,
        grants: grantsNamed('orders:read'),
        identity: {
          issuer: 'https://id.example.com',
          subject: 'ada' as Subject,
          clientId: 'pgoauth',
          scopes: ['orders:read'],
          claims: {},
          expiresAtSeconds: 0,
          role: 'analyst' as Role,
        },
        sessionId: '0123456789abcdef' as SessionId,
        database: 'app',
        clientAddress: '127.0.0.1',
        audit: { ...silentAudit, record: (event) => void this.audited.push(event) },
        log: silentLog,
        clock: new FakeClock(),
        maxStatementBytes: 1024,
        ...options,
      },
      {
        toServer: (chunk) => {
          this.writes.toServer++
          this.#toServer.push(Buffer.from(chunk))
        },
        toClient: (chunk) => {
          this.writes.toClient++
          this.#toClient.push(Buffer.from(chunk))
        },
        onStall: (stalled) => void this.stalls.push(stalled),
        onEnd: (error) => {
          assert.equal(this.ended, undefined, 'ended twice')
          this.ended = { error }
        },
        onCompleted: (statement) => void this.completed.push(statement),
        ...(onWholeTurn && { onWholeTurn }),
      },
    )
  }

  /** The client sends these messages in one piece. */
  clientSends(...messages: Buffer[]): void {
    this.gate.fromClient(Buffer.concat(messages))
  }

  serverSends(...messages: Buffer[]): void {
    this.gate.fromServer(Buffer.concat(messages))
  }

  /** Since the last look, the server was sent exactly these. */
  serverGot(...messages: Buffer[]): void {
    assert.equal(this.sentToServer(), tagsOf(Buffer.concat(messages), true))
    this.#toServer = []
  }

  /** Since the last look, the server was sent messages of these tags. */
  serverGotTags(tags: string): void {
    assert.equal(tagsOf(Buffer.concat(this.#toServer)), tags)
    this.#toServer = []
  }

  /** Since the last look, the client was sent exactly these. */
  clientGot(...messages: Buffer[]): void {
    assert.equal(tagsOf(Buffer.concat(this.#toClient), true), tagsOf(Buffer.concat(messages), true))
    this.#toClient = []
  }

  /** Since the last look, the client was sent messages of these tags; errors show their SQLSTATE, Z its status. */
  clientGotTags(tags: string): void {
    assert.equal(tagsOf(Buffer.concat(this.#toClient)), tags)
    this.#toClient = []
  }

  bytesToServer(): Buffer {
    return Buffer.concat(this.#toServer)
  }

  sentToServer(): string {
    return tagsOf(Buffer.concat(this.#toServer), true)
  }

  sentToClient(): Buffer {
    return Buffer.concat(this.#toClient)
  }
}

/** `T D C Z(I)`: the messages of a stream, errors with their SQLSTATE; in full with their bytes. */
export function tagsOf(stream: Buffer, full = false): string {
  const tags: string[] = []
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + stream.readInt32BE(at + 1)
    const tag = String.fromCharCode(stream[at] as number)
    const body = stream.subarray(at + 5, end)
    if (full) tags.push(`${tag}:${body.toString('latin1')}`)
    else if (tag === 'E' && body[0] === 0x53) tags.push(`E(${parseErrorFields(body).get('C')})`)
    else if (tag === 'Z') tags.push(`Z(${body.toString()})`)
    else tags.push(tag)
    at = end
  }
  return tags.join(' ')
}
