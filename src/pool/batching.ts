import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeParse } from '../wire/client-messages.ts'
import type { WholeQuery } from '../wire/whole-turn.ts'
import { BatchLine, type Elsewhere } from './batch-line.ts'
import type { DatabasePool } from './database-pool.ts'
import { LineStatements } from './line-statements.ts'
import { type SplitText, splitLiterals } from './literal-split.ts'
import type { Settings } from './settings.ts'

/** Lines for clients of one role and like settings; each holds one of the pool's connections while it is used. */
const MAX_LINES = 4
/** Turns pipelined on one line: more only lengthens the queue. */
const MAX_DEPTH = 128
/** Another line is used where one is busy for so long with what it has. */
const FULL_MS = 4
/** So many leased runs, none slow or large, make a statement's template one that is batched. */
const SETTLED_RUNS = 5
/** On a busy machine a quick statement takes long now and then, and is no reason to give batching up. */
const SLOW_MS = 150
const LARGE_BYTES = 65_536
/** A template that turned out slow or large is leased for so long. */
const BANNED_MS = 30_000
/** A line nobody used for so long gives its connection back. */
const IDLE_MS = 2_000
/** Or, where others want one and there may be no more, for so long. */
const SPARE_MS = 100
/** After so many replies in a row that were not plain, a template with parameters in its literals' places goes as it is. */
const MAX_SPLIT_FAILURES = 3

/** What is known of the statements of one template. */
export class Template {
  #runs = 0
  #bannedUntilMs = 0
  /** One after the other. */
  #splitFailures = 0
  /** Until then its literals stay where they are. */
  #wholeUntilMs = 0
  #split: SplitWithKey | undefined
  #isSplit = false

  /** Whether its turns may go on lines now. */
  get isSettled(): boolean {
    return this.#runs >= SETTLED_RUNS && (this.#bannedUntilMs === 0 || this.#isBanOver())
  }

  /** The template with parameters for literals, as far as one of its texts allows it. */
  split(turn: WholeQuery): SplitWithKey | undefined {
    if (this.#wholeUntilMs > 0 && performance.now() < this.#wholeUntilMs) return undefined
    if (this.#isSplit) return this.#split
    this.#isSplit = true
    const split = splitLiterals(turn.sql)
    if (split === undefined) return undefined
    // The body of the Parse behind its empty name.
    const key = encodeParse('', split.sql, split.types).toString('latin1', 6)
    this.#split = { ...split, key }
    return this.#split
  }

  /** What a leased turn took, and gave. */
  noteLeased(tookMs: number, bytes: number): void {
    if (bytes > LARGE_BYTES) this.#ban()
    else if (tookMs > SLOW_MS) this.#runs = 0
    else this.#runs++
  }

  /** What the answer of a turn on a line took. */
  noteReply(tookMs: number, isSplit: boolean): void {
    if (isSplit) this.#splitFailures = 0
    if (tookMs > SLOW_MS) this.#ban()
  }

  /** A turn on a line was not answered there; that it was behind another is not its own fault. */
  noteElsewhere(why: Elsewhere, isSplit: boolean): void {
    if (why === 'long') this.#ban()
    if (why !== 'odd') return
    this.#runs = 0
    if (isSplit && ++this.#splitFailures >= MAX_SPLIT_FAILURES) {
      this.#splitFailures = 0
      this.#wholeUntilMs = performance.now() + BANNED_MS
    }
  }

  #ban(): void {
    this.#runs = 0
    this.#bannedUntilMs = performance.now() + BANNED_MS
  }

  #isBanOver(): boolean {
    if (performance.now() < this.#bannedUntilMs) return false
    this.#bannedUntilMs = 0
    return true
  }
}

export interface SplitWithKey extends SplitText {
  /** As LineStatements knows it. */
  readonly key: string
}

/** A line, with the statements prepared on it. */
export interface OpenLine {
  readonly line: BatchLine
  readonly statements: LineStatements
}

/** The lines for clients of one role and like settings. */
export interface LineGroup {
  readonly signature: string
  readonly key: string
  readonly settings: Settings
  readonly lines: OpenLine[]
  isOpening: boolean
  /** It has no line left, and there may be another of its signature. */
  isGone: boolean
}

/** Which turns of transaction pooling run side by side with others', and on which line. One for each database. */
export class Batching {
  readonly #pool: DatabasePool
  /** By the analysis, which the judge shares over all texts of one template; only of what may be batched. */
  readonly #templates = new WeakMap<StatementAnalysis, Template>()
  readonly #signatures = new WeakMap<Settings, string>()
  readonly #groups = new Map<string, LineGroup>()
  #opening = 0
  /** Of each line, the oldest first: gives its connection back where it has been idle for so long. */
  readonly #retire = new Set<(afterMs: number) => boolean>()

  constructor(pool: DatabasePool) {
    this.#pool = pool
  }

  /** Undefined where no statement of it has run. */
  templateOf(statement: StatementAnalysis): Template | undefined {
    return this.#templates.get(statement)
  }

  /** Of connections of that key with those settings; of use until it is gone. */
  groupOf(key: string, settings: Settings): LineGroup {
    const signature = this.#signature(key, settings)
    const known = this.#groups.get(signature)
    if (known !== undefined) return known
    const group = { signature, key, settings: sharedOf(settings), lines: [], isOpening: false, isGone: false }
    this.#groups.set(signature, group)
    return group
  }

  /**
   * A line for a turn; undefined where there is none to be had now. The first that will soon be through with what it has:
   * the fuller each write, the less all of them cost.
   */
  lineOf(group: LineGroup): OpenLine | undefined {
    const { lines } = group
    let best: OpenLine | undefined
    for (let at = 0; at < lines.length; at++) {
      const one = lines[at] as OpenLine
      const { line } = one
      if (!line.isOpen || line.depth >= MAX_DEPTH) continue
      if (line.backlogMs < FULL_MS) return one
      if (best === undefined || line.backlogMs < best.line.backlogMs) best = one
    }
    this.#open(group)
    return best
  }

  /** What a leased turn of this statement took, and gave. */
  noteLeased(statement: StatementAnalysis, tookMs: number, bytes: number): void {
    if (!isBatchable(statement)) return
    const template = this.#templates.get(statement) ?? new Template()
    this.#templates.set(statement, template)
    template.noteLeased(tookMs, bytes)
  }

  #open(group: LineGroup): void {
    const { lines, signature, key, settings } = group
    if (group.isOpening || lines.length >= MAX_LINES) return
    // Half of the pool is for those who need a connection of their own.
    const most = Math.floor(this.#pool.queue.bounds.fairServers / 2)
    if (this.#retire.size + this.#opening >= most && !this.#retireIdle()) {
      this.#leave(group)
      return
    }
    this.#opening++
    group.isOpening = true
    this.#pool
      .lease({ key, identity: `batching ${signature}`, settings })
      .then((server) => {
        let idleSinceMs = performance.now()
        // Its unnamed statement is nobody's while the line uses it.
        server.unnamed = {}
        const leave = () => {
          const at = lines.indexOf(open)
          if (at >= 0) lines.splice(at, 1)
          this.#leave(group)
          this.#retire.delete(retire)
        }
        const retire = (afterMs: number) => {
          if (line.depth > 0 || performance.now() - idleSinceMs < afterMs) return false
          leave()
          server.readBy(undefined)
          this.#pool.queue.giveBack(server)
          return true
        }
        this.#retire.add(retire)
        const line: BatchLine = new BatchLine(server, {
          after: (ms, action) => this.#pool.after(ms, action),
          onEmpty: () => {
            idleSinceMs = performance.now()
          },
          onLost: () => {
            leave()
            this.#pool.drop(server)
          },
          onDeserted: () => {
            leave()
            void this.#pool.giveBack(server, 'busy')
          },
        })
        const open: OpenLine = { line, statements: new LineStatements(server.prepared) }
        lines.push(open)
        const look = () => {
          if (line.isLost || !lines.includes(open)) return
          const isDue = line.isRetiring || this.#pool.isTooOld(server)
          if (!retire(isDue ? 0 : IDLE_MS)) this.#pool.after(IDLE_MS, look)
        }
        this.#pool.after(IDLE_MS, look)
      })
      .catch(() => {
        // Nobody waits for a line: whoever needs a connection leases one and is told what is wrong.
      })
      .finally(() => {
        this.#opening--
        group.isOpening = false
        this.#leave(group)
      })
  }

  #leave(group: LineGroup): void {
    if (group.lines.length > 0 || group.isOpening) return
    group.isGone = true
    this.#groups.delete(group.signature)
  }

  /** Takes a line from those who do not use it, for others. */
  #retireIdle(): boolean {
    for (const retire of this.#retire) if (retire(SPARE_MS)) return true
    return false
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
