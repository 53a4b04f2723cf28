import { once } from 'node:events'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { isFoldable } from '../../src/enforce/analysis-cache.ts'
import { foldLiterals } from '../../src/enforce/sql-template.ts'
import { Batching } from '../../src/pool/batching.ts'
import { DatabasePool } from '../../src/pool/database-pool.ts'
import type { LeaseLimits } from '../../src/pool/lease-queue.ts'
import { TransactionSession } from '../../src/pool/transaction-session.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import type { Analysis, StatementAnalysis } from '../../src/sql/analysis.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'
import { CLIENT, parseParse, parseQuery } from '../../src/wire/client-messages.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { Framer } from '../../src/wire/framer.ts'
import { parseParameterStatus, SERVER } from '../../src/wire/server-messages.ts'
import { readWholeTurn, type WholeTurn } from '../../src/wire/whole-turn.ts'
import { type RawServer, rawServer } from './raw-server.ts'

await loadParser()

const LIMITS: LeaseLimits = {
  size: 1,
  serversPerIdentity: 100,
  minIdle: 0,
  idleMs: 600_000,
  maxAgeMs: 3_600_000,
  waitMs: 5_000,
}

const catalog = indexCatalog({
  version: 1,
  serverVersion: 180_000,
  database: 'postgres',
  schemas: ['public'],
  relations: [
    { schema: 'public', name: 'notes', kind: 'r', columns: ['author', 'note'] },
    { schema: 'public', name: 'marks', kind: 'r', columns: ['number', 'name'] },
    { schema: 'public', name: 'changing', kind: 'r', columns: ['a'] },
    { schema: 'public', name: 'changing', kind: 'r', columns: ['a'] },
    { schema: 'public', name: 'grown', kind: 'r', columns: ['a'] },
    { schema: 'public', name: 'moved', kind: 'r', columns: ['a'] },
    { schema: 'public', name: 'lying_view', kind: 'v', columns: ['hide'] },
    { schema: 'public', name: 'numbers', kind: 'S', columns: undefined },
  ],
  functions: [],
  operators: [],
  casts: [],
  types: [],
  dependencies: [],
})
const analyses = new Map<string, Analysis>()

/** One analysis for all texts that differ in literals alone, as the judge gives it. */
function analysisOf(sql: string): Analysis {
  const known = analyses.get(foldLiterals(sql) ?? sql) ?? analyses.get(sql)
  if (known !== undefined) return known
  const analysis = analyse(sql, catalog)
  analyses.set((analysis.ok && isFoldable(analysis) && foldLiterals(sql)) || sql, analysis)
  return analysis
}

/** A pool on a PostgreSQL that trusts us, without the door. */
export function testPool(
  address: { host: string; port: number },
  {
    limits = {},
    user = 'postgres',
    batch = false,
  }: { limits?: Partial<LeaseLimits>; user?: string; batch?: boolean } = {},
) {
  const servers: RawServer[] = []
  const pool = new DatabasePool({
    database: 'postgres',
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    log: silentLog,
    role: (key) => key,
    async connect(role) {
      const raw = await rawServer(address, { user, database: 'postgres', role, client_encoding: 'UTF8' })
      servers.push(raw)
      const { socket, parameters, key } = raw
      socket.pause()
      return {
        socket,
        parameters,
        key,
        address,
        versionNumber: 180_000,
        connectedAtMs: systemClock.nowMs(),
        close: () => socket.end(Buffer.from([0x58, 0, 0, 0, 4])),
      }
    },
    cancel: (connection) => servers.find(({ socket }) => socket === connection.socket)?.cancel() ?? Promise.resolve(),
  })
  const batching = batch ? new Batching(pool) : undefined
  return {
    pool,
    servers,
    client: (name: string, settings: Readonly<Record<string, string>> = {}) =>
      new TransactionClient(pool, name, settings, batching),
    end() {
      pool.queue.close()
      for (const { socket } of servers) socket.destroy()
    },
  }
}

/** A client in transaction pooling as its gate would be: what it gets is kept as a transcript. */
export class TransactionClient {
  readonly session: TransactionSession
  /** A word for each message that came, since the last `turn`. */
  transcript: string[] = []
  readonly parameters = new Map<string, string>()
  ended: string | undefined
  /** Turns that were run side by side with others'. */
  batched = 0
  /** Turns that were sent whole. */
  sentWhole = 0
  /** False: every turn is taken apart. */
  sendsWhole = true
  #unnamed: StatementAnalysis | undefined
  readonly #named = new Map<string, StatementAnalysis | undefined>()
  #ready = 0
  #wake = () => {}
  readonly #framer = new Framer({ maxHeldBytes: 1 << 24 })
  readonly #sent = new Framer({ maxHeldBytes: 1 << 24 })

  constructor(
    pool: DatabasePool,
    name: string,
    settings: Readonly<Record<string, string>>,
    batching: Batching | undefined,
  ) {
    this.session = new TransactionSession(
      {
        pool,
        key: 'analyst',
        identity: name,
        settings: new Map([...Object.entries(settings), ['pgoauth.subject', name]]),
        told: new Map(),
        log: silentLog,
        batching,
      },
      {
        toClient: (chunk) => this.#read(chunk),
        onStall: () => {},
        onEnd: (error) => {
          this.ended = error.sqlstate
          this.#wake()
        },
      },
    )
  }

  /** Sends messages; statements are analysed first, and single ones offered whole, as the gate does. */
  send(...messages: Buffer[]): void {
    const bytes = Buffer.concat(messages)
    const whole = readWholeTurn(bytes)
    const analysis = whole && this.#analysisOf(whole)
    const isTaken =
      whole !== undefined &&
      analysis !== undefined &&
      this.session.take(whole, analysis, (answer) => {
        if (answer === undefined) this.#sendParts(messages)
        else {
          if (answer.completed) this.batched++
          this.#read(answer.reply)
        }
      })
    if (!isTaken && !this.#sendWhole(whole, analysis)) this.#sendParts(messages)
    if (whole?.kind === 'bind' && whole.sql !== undefined) this.#unnamed = analysis
  }

  /** Sends a turn that does nothing to the session but run, as the gate sends it. */
  #sendWhole(turn: WholeTurn | undefined, analysis: StatementAnalysis | undefined): boolean {
    if (turn === undefined || analysis === undefined || !this.sendsWhole) return false
    if (analysis.ddl || Object.keys(analysis.effects).length > 0) return false
    const isSent = this.session.send(turn, analysis)
    if (isSent) this.sentWhole++
    return isSent
  }

  /** Of a turn that is one statement. */
  #analysisOf(turn: WholeTurn): StatementAnalysis | undefined {
    if (turn.kind === 'bind' && turn.sql === undefined) {
      const name = turn.bytes.toString('utf8', turn.nameStart, turn.nameEnd)
      return name === '' ? this.#unnamed : this.#named.get(name)
    }
    const analysis = analysisOf(turn.sql ?? '')
    return analysis.ok && analysis.statements.length === 1 ? analysis.statements[0] : undefined
  }

  #sendParts(messages: readonly Buffer[]): void {
    for (const message of messages) {
      this.#sent.push(message, {
        holds: () => true,
        onBytes: () => {},
        onMessage: (tag, whole) => {
          const body = whole.subarray(5)
          const sql = tag === CLIENT.Query ? parseQuery(body) : tag === CLIENT.Parse ? parseParse(body).sql : undefined
          const analysis = sql && analysisOf(sql.toString())
          if (analysis?.ok && tag === CLIENT.Parse) this.#named.set(parseParse(body).statement, analysis.statements[0])
          if (analysis?.ok) for (const statement of analysis.statements) this.session.willSend(statement)
        },
      })
    }
    this.session.fromClient(Buffer.concat(messages))
  }

  /** Sends, and gives the transcript once that many ReadyForQuery came, or the session ended. */
  async turn(messages: Buffer[], readies = 1): Promise<string[]> {
    const until = this.#ready + readies
    this.send(...messages)
    while (this.#ready < until && this.ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const transcript = this.transcript
    this.transcript = []
    return this.ended === undefined ? transcript : [...transcript, `ended ${this.ended}`]
  }

  #read(chunk: Buffer): void {
    this.#framer.push(chunk, {
      holds: () => true,
      onBytes: () => {},
      onMessage: (tag, message) => this.#take(tag, message.subarray(5)),
    })
  }

  #take(tag: number, body: Buffer): void {
    const letter = String.fromCharCode(tag)
    if (tag === SERVER.DataRow) this.transcript.push(`D ${values(body).join('|')}`)
    else if (tag === SERVER.CommandComplete) this.transcript.push(`C ${body.toString('utf8', 0, body.length - 1)}`)
    else if (tag === SERVER.ErrorResponse) {
      const fields = parseErrorFields(body)
      this.transcript.push(`E ${fields.get('C')} ${fields.get('M')}`)
    } else if (tag === SERVER.ParameterStatus) {
      const { name, value } = parseParameterStatus(body)
      this.parameters.set(name, value)
    } else if (tag === SERVER.ReadyForQuery) {
      this.transcript.push(`Z ${body.toString()}`)
      this.#ready++
      this.#wake()
    } else if (tag !== SERVER.RowDescription) this.transcript.push(letter)
  }
}

function values(body: Buffer): string[] {
  const out: string[] = []
  let at = 2
  for (let column = 0; column < body.readInt16BE(0); column++) {
    const length = body.readInt32BE(at)
    out.push(length < 0 ? 'null' : body.toString('utf8', at + 4, at + 4 + length))
    at += 4 + Math.max(length, 0)
  }
  return out
}

/** Until every connection of a pool is idle again. */
export async function settled(pool: DatabasePool): Promise<void> {
  for (let turn = 0; turn < 1000 && pool.queue.counts.leased > 0; turn++) await once(AbortSignal.timeout(2), 'abort')
}
