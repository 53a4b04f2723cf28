import type { Socket } from 'node:net'
import { silentAudit } from '../../src/audit/audit-log.ts'
import type { Role, SessionId, Subject } from '../../src/base/brand.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { PgoauthError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { GateOptions, SessionGate } from '../../src/enforce/gate-contract.ts'
import type { Judge } from '../../src/enforce/judge.ts'
import { openSessionGate } from '../../src/enforce/session-gate.ts'
import type { Grants } from '../../src/policy/grants.ts'
import { encodeQuery, encodeTerminate } from '../../src/wire/client-messages.ts'
import { parseErrorFields, type RawErrorFields } from '../../src/wire/error-response.ts'
import { messagesOf, openWire } from './wire-connection.ts'

const ANSWER_TIMEOUT_MS = 60_000

/** One message of an answer; errors and notices taken apart. */
export interface Answer {
  readonly tag: string
  readonly body: Buffer
  readonly fields?: RawErrorFields
}

/** A client of a real server behind a gate, in memory on the client's side. */
export class LiveGate {
  readonly gate: SessionGate
  /** All that went to the server. */
  sent = ''
  ended: { error: PgoauthError | undefined } | undefined
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #look = () => {}
  /** Set while answers are counted rather than kept. */
  #onBytes: ((chunk: Buffer) => void) | undefined

  private constructor(socket: Socket, judge: Judge, grants: Grants, more: Partial<GateOptions>) {
    this.#socket = socket
    this.gate = openSessionGate(
      {
        judge,
        grants,
        identity: {
          issuer: 'https://id.example.com',
          subject: 'ada' as Subject,
          clientId: undefined,
          scopes: grants.scopes,
          claims: {},
          expiresAtSeconds: 0,
          role: 'analyst' as Role,
        },
        sessionId: '0' as SessionId,
        database: 'postgres',
        clientAddress: '127.0.0.1',
        audit: silentAudit,
        log: silentLog,
        clock: systemClock,
        maxStatementBytes: 16 * 1024 * 1024,
        ...more,
      },
      {
        toServer: (chunk) => {
          this.sent += chunk.toString('latin1')
          if (socket.writable) socket.write(Buffer.from(chunk))
        },
        toClient: (chunk) => {
          if (this.#onBytes) {
            this.#onBytes(chunk)
            return
          }
          this.#received = Buffer.concat([this.#received, chunk])
          this.#look()
        },
        onStall() {},
        onEnd: (error) => {
          this.ended = { error }
          this.#look()
        },
      },
    )
    socket.on('data', (chunk: Buffer) => this.gate.fromServer(chunk))
    socket.on('close', () => this.gate.serverClosed())
    socket.on('error', () => undefined)
  }

  static async open(
    at: { readonly port: number; readonly user?: string },
    judge: Judge,
    grants: Grants,
    more: Partial<GateOptions> = {},
  ): Promise<LiveGate> {
    return new LiveGate(await openWire(at.port, at.user), judge, grants, more)
  }

  /** Sends messages and gives the answers up to that many ReadyForQuery, or to the session's end. */
  async ask(messages: readonly Buffer[], readies = 1): Promise<Answer[]> {
    this.gate.fromClient(Buffer.concat(messages))
    return this.answers((answers) => answers.filter(({ tag }) => tag === 'Z').length >= readies)
  }

  /** Runs a query and throws its answer away; how many bytes it had. */
  async sink(sql: string): Promise<number> {
    let bytes = 0
    await new Promise<void>((resolve) => {
      this.#onBytes = (chunk) => {
        bytes += chunk.length
        if (chunk.subarray(-6, -1).toString('latin1') === 'Z\0\0\0\x05') resolve()
      }
      this.gate.fromClient(encodeQuery(sql))
    })
    this.#onBytes = undefined
    return bytes
  }

  query(sql: string | Buffer): Promise<Answer[]> {
    return this.ask([encodeQuery(sql)])
  }

  /** The answers so far, once they are enough. */
  async answers(isEnough: (answers: Answer[]) => boolean): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no answer; so far: ${messagesOf(this.#received).map(({ tag }) => tag)}`))
      }, ANSWER_TIMEOUT_MS)
      this.#look = () => {
        const found = messagesOf(this.#received).map(takenApart)
        if (!isEnough(found) && this.ended === undefined) return
        clearTimeout(timer)
        this.#look = () => {}
        this.#received = Buffer.alloc(0)
        resolve(found)
      }
      this.#look()
    })
  }

  close(): void {
    this.gate.clientClosed()
    this.#socket.end(encodeTerminate())
  }
}

/** `T D C Z`, errors with their SQLSTATE, ReadyForQuery with its status. */
export function shown(answers: readonly Answer[]): string {
  return answers
    .map(({ tag, body, fields }) => {
      if (tag === 'E') return `E(${fields?.get('C')})`
      return tag === 'Z' ? `Z(${body.toString()})` : tag
    })
    .join(' ')
}

function takenApart({ tag, body }: { tag: string; body: Buffer }): Answer {
  return tag === 'E' || tag === 'N' ? { tag, body, fields: parseErrorFields(body) } : { tag, body }
}
