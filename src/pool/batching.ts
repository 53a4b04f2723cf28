import type { StatementAnalysis } from '../sql/analysis.ts'
import { CLIENT } from '../wire/client-messages.ts'
import { BatchLine } from './batch-line.ts'
import type { DatabasePool } from './database-pool.ts'
import type { Settings } from './settings.ts'

/** Lines for clients of one role and like settings; each holds one of the pool's connections while it is used. */
const MAX_LINES = 4
/** Turns pipelined on one line: more only lengthens the queue. */
const MAX_DEPTH = 16
/** Another line is opened where every one has this many turns under way. */
const CROWDED_DEPTH = 4
/** A line whose server has been at one turn for so long takes no more: its neighbours would wait behind it. */
const STUCK_MS = 30
/** So many leased runs, none slow or large, make a statement's template one that is batched. */
const SETTLED_RUNS = 5
/** On a busy machine a quick statement takes long now and then, and is no reason to give batching up. */
const SLOW_MS = 150
const LARGE_BYTES = 65_536
/** A template that turned out slow or large is leased for so long. */
const BANNED_MS = 30_000
/** A line nobody used for so long gives its connection back. */
const IDLE_MS = 2_000

interface Record {
  runs: number
  bannedUntilMs: number
}

/** Which turns of transaction pooling run side by side with others', and on which line. One for each database. */
export class Batching {
  readonly #pool: DatabasePool
  /** By the analysis, which the judge shares over all texts of one template. */
  readonly #records = new WeakMap<StatementAnalysis, Record>()
  readonly #signatures = new WeakMap<Settings, string>()
  readonly #lines = new Map<string, Set<BatchLine>>()
  readonly #opening = new Set<string>()

  constructor(pool: DatabasePool) {
    this.#pool = pool
  }

  /** A line that the turn may go on; undefined where it is to be leased for. */
  lineFor(statement: StatementAnalysis, key: string, settings: Settings): BatchLine | undefined {
    if (!isBatchable(statement)) return undefined
    const record = this.#records.get(statement)
    if (record === undefined || record.runs < SETTLED_RUNS || performance.now() < record.bannedUntilMs) return undefined
    const signature = this.#signature(key, settings)
    let best: BatchLine | undefined
    const lines = this.#lines.get(signature)
    for (const line of lines ?? []) {
      if (line.depth >= MAX_DEPTH || line.headMs > STUCK_MS) continue
      if (best === undefined || line.depth < best.depth) best = line
    }
    if (best === undefined || best.depth >= CROWDED_DEPTH) this.#open(signature, key, settings)
    return best
  }

  /** What a turn of this statement took, in the server's time, and gave. */
  note(statement: StatementAnalysis, tookMs: number, bytes: number, wasBatched: boolean): void {
    if (!isBatchable(statement)) return
    const record = this.#records.get(statement) ?? { runs: 0, bannedUntilMs: 0 }
    if (tookMs > SLOW_MS || bytes > LARGE_BYTES) {
      record.runs = 0
      if (wasBatched || bytes > LARGE_BYTES) record.bannedUntilMs = performance.now() + BANNED_MS
    } else record.runs++
    this.#records.set(statement, record)
  }

  #open(signature: string, key: string, settings: Settings): void {
    const lines = this.#lines.get(signature) ?? new Set()
    this.#lines.set(signature, lines)
    // Half of the pool is for those who need a connection of their own.
    const most = Math.min(MAX_LINES, Math.floor(this.#pool.queue.bounds.fairServers / 2))
    if (this.#opening.has(signature) || lines.size >= most) return
    this.#opening.add(signature)
    this.#pool
      .lease({ key, identity: `batching ${signature}`, settings: sharedOf(settings) })
      .then((server) => {
        let idleSince = performance.now()
        const retire = () => {
          if (line.depth > 0 || line.isLost || !lines.delete(line)) return
          server.readBy(undefined)
          this.#pool.queue.giveBack(server)
        }
        const line: BatchLine = new BatchLine(server, {
          onEmpty: () => {
            idleSince = performance.now()
          },
          onLost: () => {
            lines.delete(line)
            this.#pool.drop(server)
          },
        })
        lines.add(line)
        const look = () => {
          if (line.isLost || !lines.has(line)) return
          const tooOld = this.#pool.isTooOld(server)
          if (line.depth === 0 && (tooOld || performance.now() - idleSince > IDLE_MS)) retire()
          else this.#pool.after(IDLE_MS, look)
        }
        this.#pool.after(IDLE_MS, look)
      })
      .catch(() => {
        // Nobody waits for a line: whoever needs a connection leases one and is told what is wrong.
      })
      .finally(() => this.#opening.delete(signature))
  }

  #signature(key: string, settings: Settings): string {
    let signature = this.#signatures.get(settings)
    if (signature === undefined) {
      signature = JSON.stringify([key, ...[...sharedOf(settings)].sort(([a], [b]) => (a < b ? -1 : 1))])
      this.#signatures.set(settings, signature)
    }
    return signature
  }
}

/** What a batched statement cannot ask for need not be set for it: who the client is. */
function sharedOf(settings: Settings): Settings {
  return new Map([...settings].filter(([name]) => !name.startsWith('pgoauth.') && name !== 'application_name'))
}

/** A SELECT over plain tables that leaves nothing behind and reads nothing of the session's. */
function isBatchable({ kind, plain, readOnly, opaque, accesses, effects }: StatementAnalysis): boolean {
  if (kind !== 'SelectStmt' || !plain || !readOnly || opaque) return false
  for (const _effect in effects) return false
  return accesses.length > 0 && accesses.every((access) => access.action === 'select' && access.kind === 'relation')
}

/** Whether bytes are exactly one turn: a Query, or Parse, Bind, Describe and Execute up to their Sync. */
export function isOneTurn(bytes: Buffer): boolean {
  let at = 0
  while (at + 5 <= bytes.length) {
    const tag = bytes[at]
    const from = at
    at += 1 + bytes.readUInt32BE(at + 1)
    if (tag === CLIENT.Query) return from === 0 && at === bytes.length
    if (tag === CLIENT.Sync) return from > 0 && at === bytes.length
    if (tag !== CLIENT.Parse && tag !== CLIENT.Bind && tag !== CLIENT.Describe && tag !== CLIENT.Execute) return false
  }
  return false
}
