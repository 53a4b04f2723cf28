import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeParse } from '../wire/client-messages.ts'
import { BatchLine, type Elsewhere } from './batch-line.ts'
import type { DatabasePool } from './database-pool.ts'
import { LineStatements } from './line-statements.ts'
import { type SplitText, splitLiterals } from './literal-split.ts'
import type { Settings } from './settings.ts'

/** Lines for clients of one role and like settings; each holds one of the pool's connections while it is used. */
const MAX_LINES = 4
/** Turns pipelined on one line: more only lengthens the queue. */
const MAX_DEPTH = 64
/** Another line is opened where every one has this many turns under way. */
const CROWDED_DEPTH = 16
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
/** So often a template with parameters in its literals' places may give no plain reply; from then on it goes as it is. */
const MAX_SPLIT_FAILURES = 3

/** What is known of the statements of one template. */
export class Template {
  runs = 0
  bannedUntilMs = 0
  splitFailures = 0
  #split: SplitWithKey | undefined
  #isSplit = false

  /** The template with parameters for literals, as far as `text`, one of its texts, allows it. */
  split(text: string): SplitWithKey | undefined {
    if (this.splitFailures >= MAX_SPLIT_FAILURES) return undefined
    if (this.#isSplit) return this.#split
    this.#isSplit = true
    const split = splitLiterals(text)
    if (split === undefined) return undefined
    // The body of the Parse behind its empty name.
    const key = encodeParse('', split.sql, split.types).toString('latin1', 6)
    this.#split = { ...split, key }
    return this.#split
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

/** Which turns of transaction pooling run side by side with others', and on which line. One for each database. */
export class Batching {
  readonly #pool: DatabasePool
  /** By the analysis, which the judge shares over all texts of one template; only of what may be batched. */
  readonly #templates = new WeakMap<StatementAnalysis, Template>()
  readonly #signatures = new WeakMap<Settings, string>()
  readonly #lines = new Map<string, OpenLine[]>()
  readonly #opening = new Set<string>()
  /** Of each line, the oldest first: gives its connection back where it has been idle for so long. */
  readonly #retire = new Set<(afterMs: number) => boolean>()

  constructor(pool: DatabasePool) {
    this.#pool = pool
  }

  /** The template of a statement that has settled; undefined where its turn is to be leased for. */
  settled(statement: StatementAnalysis): Template | undefined {
    const template = this.#templates.get(statement)
    if (template === undefined || template.runs < SETTLED_RUNS) return undefined
    if (template.bannedUntilMs > 0 && performance.now() < template.bannedUntilMs) return undefined
    return template
  }

  /** A line for a turn of connections of that key with those settings; undefined where there is none to be had now. */
  lineFor(key: string, settings: Settings): OpenLine | undefined {
    const signature = this.#signature(key, settings)
    const lines = this.#lines.get(signature)
    let best: OpenLine | undefined
    if (lines !== undefined) {
      for (let at = 0; at < lines.length; at++) {
        const one = lines[at] as OpenLine
        if (one.line.isOpen && (best === undefined || one.line.depth < best.line.depth)) best = one
      }
    }
    const depth = best?.line.depth ?? MAX_DEPTH
    if (depth >= CROWDED_DEPTH) this.#open(signature, key, settings)
    return depth < MAX_DEPTH ? best : undefined
  }

  /** What a leased turn of this statement took, and gave. */
  noteLeased(statement: StatementAnalysis, tookMs: number, bytes: number): void {
    if (!isBatchable(statement)) return
    const template = this.#templates.get(statement) ?? new Template()
    this.#templates.set(statement, template)
    if (tookMs > SLOW_MS || bytes > LARGE_BYTES) {
      template.runs = 0
      if (bytes > LARGE_BYTES) template.bannedUntilMs = performance.now() + BANNED_MS
    } else template.runs++
  }

  /** What the answer of a turn on a line took. */
  noteReply(template: Template, tookMs: number): void {
    if (tookMs > SLOW_MS) this.#ban(template)
  }

  /** A turn on a line was not answered there; that it was behind another is not its own fault. */
  noteElsewhere(template: Template, why: Elsewhere): void {
    if (why === 'long') this.#ban(template)
    else if (why === 'odd') template.runs = 0
  }

  #ban(template: Template): void {
    template.runs = 0
    template.bannedUntilMs = performance.now() + BANNED_MS
  }

  #open(signature: string, key: string, settings: Settings): void {
    if (this.#opening.has(signature) || (this.#lines.get(signature)?.length ?? 0) >= MAX_LINES) return
    // Half of the pool is for those who need a connection of their own.
    const most = Math.floor(this.#pool.queue.bounds.fairServers / 2)
    if (this.#retire.size + this.#opening.size >= most && !this.#retireIdle()) return
    this.#opening.add(signature)
    this.#pool
      .lease({ key, identity: `batching ${signature}`, settings: sharedOf(settings) })
      .then((server) => {
        let idleSinceMs = performance.now()
        // Its unnamed statement is nobody's while the line uses it.
        server.unnamed = {}
        const lines = this.#lines.get(signature) ?? []
        this.#lines.set(signature, lines)
        const leave = () => {
          const at = lines.indexOf(open)
          if (at >= 0) lines.splice(at, 1)
          if (lines.length === 0) this.#lines.delete(signature)
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
      .finally(() => this.#opening.delete(signature))
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
