import { asPgoauthError, fail, type PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeQuery } from '../wire/client-messages.ts'
import { plainAnswer, type TurnAnswer, type WholeTurn } from '../wire/whole-turn.ts'
import { CANCELLED, startTurn, type TurnUnderWay } from './batched-turn.ts'
import type { Batching } from './batching.ts'
import type { DatabasePool } from './database-pool.ts'
import { JoinedBytes } from './joined-bytes.ts'
import { LeaseEffects, type PinReason, pinReason } from './lease-effects.ts'
import type { LeaseRequest } from './lease-queue.ts'
import type { PooledServer, ServerReader } from './pooled-server.ts'
import { RepliesOwed } from './replies-owed.ts'
import { type Settings, settingsChangeSql, settingsReadSql } from './settings.ts'
import { StaleTurn } from './stale-turn.ts'
import { statementKey } from './statement-names.ts'
import { StatementRewriter } from './statement-rewriter.ts'
import { TransactionReplies } from './transaction-replies.ts'

export interface TransactionSessionOptions {
  readonly pool: DatabasePool
  /** Of server connections that are alike. */
  readonly key: string
  /** Issuer and subject. */
  readonly identity: string
  /** What the client and the proxy want set, by settingKey; a server has taken all of it once. */
  readonly settings: Settings
  /** ParameterStatus as the client was told. */
  readonly told: ReadonlyMap<string, string>
  /** Restores the settings of the login, after a RESET ALL. */
  readonly restoreSql: string | undefined
  readonly log: Log
  /** Where turns may run side by side with other clients'. */
  readonly batching?: Batching | undefined
}

/** Callbacks run inside the session's methods and inside a server socket's events. */
export interface TransactionSinks {
  /** Bytes of the server for the gate, as if there were one server connection. */
  toClient(chunk: Buffer): void
  /** True: stop reading from the client, until it is called with false. */
  onStall(stalled: boolean): void
  /** The session cannot go on; called once. The client is to be told. */
  onEnd(error: PgoauthError): void
  onPinned?(reason: PinReason): void
}

/**
 * One client's session in transaction pooling, between its gate and the server connections that it is lent, each from
 * the first message to the ReadyForQuery that says no transaction is open and nothing is owed.
 *
 *     idle ──message──▶ waiting ──lease──▶ leased ──ready, unpinned──▶ settling ──▶ idle
 *     idle ──settled SELECT──▶ batched ──whole reply──▶ idle
 *
 * While waiting and settling (settings are read back, where they may have changed) the client is stalled.
 */
export class TransactionSession {
  readonly #options: TransactionSessionOptions
  readonly #sinks: TransactionSinks
  readonly #owed = new RepliesOwed()
  readonly #toServer = new JoinedBytes()
  readonly #rewriter: StatementRewriter
  readonly #replies: TransactionReplies
  readonly #reader: ServerReader
  #phase: 'idle' | 'waiting' | 'leased' | 'settling' | 'batched' | 'ended' = 'idle'
  #server: PooledServer | undefined
  #settings: Settings
  #effects = new LeaseEffects()
  #pinned: PinReason | undefined
  #backlog: Buffer[] = []
  #stalled = false
  /** The client takes no more for now. */
  #paused = false
  /** The one statement of the turn that is about to come or under way; null where there are several. */
  #turn: StatementAnalysis | null | undefined
  #turnAtMs = 0
  #turnBytes = 0
  readonly #stale = new StaleTurn()
  readonly #request: LeaseRequest<PooledServer>
  /** A whole turn that waits for the lease, and one that is at the server and owed unsaid (StatementRewriter.takeTurn). */
  #turnWaiting: WholeTurn | undefined
  #turnAway: WholeTurn | undefined
  #leave: () => void = () => {}
  /** While batched. */
  #batched: { readonly underWay: TurnUnderWay; readonly answer: (answer: TurnAnswer) => void } | undefined
  /** Those that the server has not acted on yet, of this lease. */
  readonly #cancels = new Set<Promise<void>>()

  constructor(options: TransactionSessionOptions, sinks: TransactionSinks) {
    this.#options = options
    this.#sinks = sinks
    this.#settings = options.pool.settings.of(options.settings)
    this.#rewriter = new StatementRewriter(this.#owed, this.#toServer)
    this.#replies = new TransactionReplies(this.#owed, this.#rewriter.statements, options.told, (isTold) => {
      this.#rewriter.forgetPrepared()
      return !isTold && this.#cancels.size === 0 && this.#stale.found(this.#replies.status)
    })
    this.#reader = {
      onData: (chunk) => this.#fromServer(chunk),
      onDrain: () => this.#stall(false),
      onLost: (error) => this.#lost(error),
    }
    this.#request = {
      key: options.key,
      identity: options.identity,
      onLease: (server) => {
        try {
          this.#leased(server)
        } catch (thrown) {
          this.#fail(asPgoauthError(thrown))
        }
      },
      onRefused: (error) => this.#fail(error),
    }
  }

  /** Why the session keeps its server connection; undefined while it does not. */
  get pinned(): PinReason | undefined {
    return this.#pinned
  }

  /** The gate is about to send this statement: called before its bytes come. */
  willSend(statement: StatementAnalysis): void {
    this.#effects.note(statement)
    if (this.#turn === undefined) this.#turn = statement
    else if (this.#turn !== statement) this.#turn = null
    const reason = pinReason(statement.effects)
    if (reason !== undefined && this.#pinned === undefined) {
      this.#pinned = reason
      this.#options.log.info({ reason }, 'the session keeps its server connection')
      this.#sinks.onPinned?.(reason)
    }
  }

  /** The server said that this statement took effect. */
  completed({ effects }: StatementAnalysis): void {
    if (effects.deallocate !== undefined) {
      const { name } = effects.deallocate
      if (name === undefined) this.#rewriter.statements.clear()
      else this.#rewriter.statements.delete(statementKey(name))
    }
    if (effects.discard === 'all') this.#rewriter.statements.clear()
  }

  /**
   * A turn that the gate let through, whole; true where it was taken, and `answer` is called once, later: the turn runs
   * side by side with other clients', on a connection of nobody's.
   */
  take(turn: WholeTurn, statement: StatementAnalysis, answer: (answer: TurnAnswer) => void): boolean {
    const { batching, key } = this.#options
    if (this.#phase !== 'idle' || batching === undefined) return false
    const underWay = startTurn(turn, statement, {
      batching,
      key,
      settings: this.#settings,
      definitionOf: (name) => this.#rewriter.definitionOf(name),
      onAnswer: (reply) => {
        if (this.#phase !== 'batched') return
        this.#endBatched()
        if (reply?.completed) this.#noteUnnamed(turn)
        answer(reply)
      },
      onLost: (error) => this.#fail(error),
    })
    if (underWay === undefined) return false
    this.#phase = 'batched'
    this.#batched = { underWay, answer }
    return true
  }

  /**
   * A turn that the gate let through and that does nothing to the session but run; true where it was taken in place of its
   * bytes, which stay as they are until it is answered. Its answer comes to `toClient`, in one piece where it came in one and there is nothing unusual in it.
   */
  send(turn: WholeTurn, statement: StatementAnalysis): boolean {
    if (this.#phase === 'idle' && this.#backlog.length === 0) {
      this.willSend(statement)
      this.#turnWaiting = turn
      this.#lease()
      return true
    }
    if (this.#phase !== 'leased' || !this.#atRest) return false
    this.willSend(statement)
    this.#stale.sent(turn.bytes)
    try {
      this.#sendTurn(turn)
    } catch (thrown) {
      this.#fail(asPgoauthError(thrown))
    }
    return true
  }

  /** Bytes that the gate let through. */
  fromClient(chunk: Buffer): void {
    if (this.#phase === 'ended') return
    if (this.#phase !== 'leased') {
      this.#backlog.push(Buffer.from(chunk))
      if (this.#phase === 'idle') this.#lease()
      if (this.#mustWait) this.#stall(true)
      return
    }
    this.#guarded(() => {
      this.#oweTurn()
      this.#stale.sent(undefined)
      this.#rewriter.push(chunk)
      this.#send()
    })
  }

  /**
   * Cancels what this session runs, and nothing else: the connection is lent to nobody until the server has acted, and
   * is cleaned first, which takes up a signal that came late.
   */
  async cancel(): Promise<void> {
    if (this.#batched !== undefined) {
      // What the server runs may be a neighbour's: the client is answered, and its own statement's reply goes nowhere.
      const { underWay, answer } = this.#batched
      underWay.abandon()
      this.#endBatched()
      answer({ reply: CANCELLED, completed: false })
      return
    }
    const server = this.#server
    if (server === undefined || this.#phase !== 'leased') return
    this.#effects.opaque = true
    const cancel = this.#options.pool.cancel(server)
    this.#cancels.add(cancel)
    await cancel
    this.#cancels.delete(cancel)
  }

  /** The client takes no more for now: nothing is read for it, from this server connection or from the next. */
  pause(): void {
    this.#paused = true
    this.#server?.connection.socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#server?.connection.socket.resume()
  }

  /** The client is gone, or the session is over: what it holds is rolled back and cleaned, or closed. */
  close(): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#leave()
    this.#batched?.underWay.abandon()
    const server = this.#server
    this.#server = undefined
    this.#backlog = []
    if (server === undefined) return
    const busy = !this.#atRest || this.#cancels.size > 0
    void this.#options.pool.giveBack(server, busy ? 'busy' : this.#replies.status)
  }

  #fromServer(chunk: Buffer): void {
    if (this.#phase === 'ended') return
    this.#turnBytes += chunk.length
    const turn = this.#turnAway
    const status = turn && plainAnswer(chunk, turn)
    try {
      if (status !== undefined) {
        this.#turnAway = undefined
        this.#replies.status = status
        this.#sinks.toClient(chunk)
        this.#releaseWhereDue()
        return
      }
      this.#oweTurn()
      this.#replies.push(chunk)
      for (const piece of this.#replies.take()) {
        if (this.#isOver) return
        this.#sinks.toClient(piece)
      }
      if (this.#stale.isDue && !this.#replies.isDropping) {
        this.#rewriter.push(this.#stale.take() ?? Buffer.alloc(0))
        this.#send()
        return
      }
      this.#releaseWhereDue()
    } catch (thrown) {
      this.#fail(asPgoauthError(thrown))
    }
  }

  // Leases.

  #lease(): void {
    this.#phase = 'waiting'
    this.#leave = this.#options.pool.queue.request(this.#request)
  }

  #leased(server: PooledServer): void {
    if (server.isLost) {
      // It died while idle, and the news has only just come: another.
      this.#options.pool.drop(server)
      queueMicrotask(() => {
        if (this.#phase === 'waiting') this.#lease()
      })
      return
    }
    this.#phase = 'leased'
    this.#server = server
    this.#replies.startOn(server)
    const sql = settingsChangeSql(server.settings, this.#settings)
    if (sql !== undefined) {
      server.settings = this.#settings
      this.#owed.add({ kind: 'turn', taken: true })
      this.#toServer.add(encodeQuery(sql))
    }
    this.#rewriter.useServer(server)
    server.readBy(this.#reader)
    if (this.#paused) this.pause()
    if (sql === undefined) this.#replies.tell()
    if (this.#options.batching !== undefined) this.#turnAtMs = performance.now()
    this.#turnBytes = 0
    const turn = this.#turnWaiting
    const backlog = this.#backlog
    this.#stale.sent(backlog.length === 0 ? turn?.bytes : turn || backlog.length > 1 ? undefined : backlog[0])
    if (turn !== undefined) {
      this.#turnWaiting = undefined
      if (sql === undefined && backlog.length === 0) {
        for (const piece of this.#replies.take()) this.#sinks.toClient(piece)
        this.#stall(false)
        this.#sendTurn(turn)
        return
      }
      this.#rewriter.push(turn.bytes)
    }
    this.#backlog = []
    for (const chunk of backlog) this.#rewriter.push(chunk)
    this.#stall(false)
    this.#send()
    for (const piece of this.#replies.take()) this.#sinks.toClient(piece)
  }

  /** At rest on a lease. */
  #sendTurn(turn: WholeTurn): void {
    const bytes = this.#rewriter.takeTurn(turn)
    if (bytes === undefined) {
      this.#rewriter.push(turn.bytes)
      this.#send()
      return
    }
    this.#turnAway = turn
    if (this.#server?.write(bytes) === false) this.#stall(true)
  }

  /** Enters the turn that is away among what is owed; what comes next is taken apart. */
  #oweTurn(): void {
    if (this.#turnAway === undefined) return
    this.#rewriter.oweTurn(this.#turnAway)
    this.#turnAway = undefined
  }

  /** Nothing is owed, half sent or half read. */
  get #atRest(): boolean {
    if (this.#turnAway !== undefined || !this.#owed.isEmpty) return false
    return this.#rewriter.atBoundary && this.#replies.atBoundary
  }

  #send(): void {
    const server = this.#server
    if (server === undefined) return
    let takesMore = true
    for (const piece of this.#toServer.take()) takesMore = server.write(piece)
    if (!takesMore) this.#stall(true)
    this.#releaseWhereDue()
  }

  #releaseWhereDue(): void {
    const server = this.#server
    if (this.#phase !== 'leased' || server === undefined || this.#pinned !== undefined) return
    if (this.#replies.status !== 'I' || !this.#atRest) return
    const effects = this.#effects
    if (!effects.isNothing) this.#effects = new LeaseEffects()
    this.#server = undefined
    this.#noteTurn()
    if (effects.changesSettings || this.#cancels.size > 0) {
      this.#phase = 'settling'
      void this.#settle(server, effects)
      return
    }
    this.#phase = 'idle'
    this.#handBack(server, effects)
    this.#stall(false)
  }

  #endBatched(): void {
    this.#batched = undefined
    this.#phase = 'idle'
    if (this.#backlog.length > 0) this.#lease()
  }

  /** What a turn that went another way made of the unnamed statement. */
  #noteUnnamed(turn: WholeTurn): void {
    if (turn.kind === 'query') this.#rewriter.setUnnamed(undefined)
    else if (turn.sql !== undefined) {
      this.#rewriter.setUnnamed(turn.bytes.subarray(turn.definitionStart, turn.definitionEnd))
    }
  }

  get #isOver(): boolean {
    return this.#phase === 'ended'
  }

  get #mustWait(): boolean {
    return this.#phase !== 'leased' && this.#phase !== 'ended'
  }

  #noteTurn(): void {
    const { batching } = this.#options
    if (this.#turn && batching !== undefined) {
      batching.noteLeased(this.#turn, performance.now() - this.#turnAtMs, this.#turnBytes)
    }
    this.#turn = undefined
  }

  #handBack(server: PooledServer, { opaque }: LeaseEffects): void {
    const { pool } = this.#options
    if (opaque) {
      void pool.giveBack(server, 'I', true)
      return
    }
    server.readBy(undefined)
    pool.queue.giveBack(server)
  }

  /** Asks the server what the settings are now: what a rollback, a computed value or a RESET made of them. */
  async #settle(server: PooledServer, effects: LeaseEffects): Promise<void> {
    const { pool } = this.#options
    const names = [...new Set([...effects.settings, ...(effects.allSettings ? this.#settings.keys() : [])])]
    try {
      await Promise.all(this.#cancels)
      if (names.length > 0) {
        const [reply] = await server.exchange([settingsReadSql(names)])
        if (reply?.error !== undefined || reply?.status !== 'I')
          fail('SERVER_BAD', { detail: 'settings cannot be read' })
        this.#learn(server, names, reply.rows[0] ?? [])
      }
    } catch (thrown) {
      pool.drop(server)
      this.#fail(asPgoauthError(thrown, 'SERVER_LOST'))
      return
    }
    this.#handBack(server, effects)
    if (this.#phase !== 'settling') return
    this.#phase = 'idle'
    if (this.#backlog.length > 0) this.#lease()
    else this.#stall(false)
  }

  #learn(server: PooledServer, names: readonly string[], values: readonly (string | null)[]): void {
    const wants = new Map(this.#settings)
    const has = new Map(server.settings)
    for (const [at, name] of names.entries()) {
      const value = values[at] ?? undefined
      if (value === undefined) has.delete(name)
      else has.set(name, value)
      // The proxy's own settings are as the proxy says, whatever a statement made of them.
      if (name.startsWith('pgoauth.')) continue
      if (value === undefined) wants.delete(name)
      else wants.set(name, value)
    }
    const { settings } = this.#options.pool
    server.settings = settings.of(has)
    this.#settings = settings.of(wants)
  }

  #stall(stalled: boolean): void {
    if (this.#stalled === stalled) return
    this.#stalled = stalled
    this.#sinks.onStall(stalled)
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (thrown) {
      this.#fail(asPgoauthError(thrown))
    }
  }

  #lost(error: PgoauthError): void {
    this.#fail(error)
  }

  #fail(error: PgoauthError): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#leave()
    this.#batched?.underWay.abandon()
    const server = this.#server
    this.#server = undefined
    this.#backlog = []
    if (server !== undefined) this.#options.pool.drop(server)
    this.#sinks.onEnd(error)
  }
}
