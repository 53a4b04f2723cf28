import { asPgoauthError, type PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeQuery } from '../wire/client-messages.ts'
import { plainAnswer, type TurnAnswer, type WholeTurn } from '../wire/whole-turn.ts'
import { BatchedTurn } from './batched-turn.ts'
import { JoinedBytes } from './joined-bytes.ts'
import { learnSettings } from './learnt-settings.ts'
import { LeaseEffects, type PinReason, pinReason } from './lease-effects.ts'
import type { LeaseRequest } from './lease-waiters.ts'
import type { PooledServer, ServerReader } from './pooled-server.ts'
import { RepliesOwed } from './replies-owed.ts'
import { type Settings, settingsChangeSql } from './settings.ts'
import { StaleTurn } from './stale-turn.ts'
import { statementKey } from './statement-names.ts'
import { StatementRewriter } from './statement-rewriter.ts'
import type { TransactionSessionOptions, TransactionSinks } from './transaction-contract.ts'
import { TransactionReplies } from './transaction-replies.ts'

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
  /** Where turns may be batched. */
  readonly #batched: BatchedTurn | undefined
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
      onLost: (error) => this.#fail(error),
    }
    const { batching, key } = options
    this.#batched =
      batching &&
      new BatchedTurn({
        batching,
        key,
        definitionOf: (name) => this.#rewriter.definitionOf(name),
        onEnd: (turn) => {
          if (this.#phase !== 'batched') return
          this.#phase = 'idle'
          if (this.#backlog.length > 0) this.#lease()
          if (turn !== undefined) this.#rewriter.ranElsewhere(turn)
        },
        onLost: (error) => this.#fail(error),
      })
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
    if (this.#phase !== 'idle' || !this.#batched?.start(turn, statement, this.#settings, answer)) return false
    this.#phase = 'batched'
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
      if (this.#server === undefined && !this.#isOver) this.#stall(true)
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
    if (this.#phase === 'batched') {
      this.#batched?.cancel()
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
    const server = this.#end()
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

  get #isOver(): boolean {
    return this.#phase === 'ended'
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
      void pool.giveBack(server, 'I')
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
        this.#settings = await learnSettings({ server, names, wanted: this.#settings, shared: pool.settings })
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

  #fail(error: PgoauthError): void {
    if (this.#phase === 'ended') return
    const server = this.#end()
    if (server !== undefined) this.#options.pool.drop(server)
    this.#sinks.onEnd(error)
  }

  #end(): PooledServer | undefined {
    this.#phase = 'ended'
    this.#leave()
    this.#batched?.abandon()
    this.#backlog = []
    const server = this.#server
    this.#server = undefined
    return server
  }
}
