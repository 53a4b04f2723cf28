import { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { PgoauthError } from '../base/errors.ts'
import { bursts } from '../enforce/burst-turns.ts'
import type { GateSinks, SessionGate } from '../enforce/gate-contract.ts'
import { DirectReader } from '../net/direct-reader.ts'
import { readEagerly } from '../net/eager-reading.ts'
import type { LeaseWatcher, ServerStream } from '../pool/server-lease.ts'

export interface SessionOptions {
  readonly client: Socket
  readonly server: ServerStream
  readonly openGate: (sinks: GateSinks) => SessionGate
  /** Body of a SASLResponse in mid-session; undefined where the client did not ask for renewal. */
  readonly onRenewal: ((body: Buffer) => void) | undefined
  /** False keeps a ParameterStatus from the client. */
  readonly onParameterStatus: (name: string, value: string) => boolean
  /** Counts a statement that took effect. */
  readonly onCompleted: () => void
  /** In transaction pooling. */
  readonly watcher: LeaseWatcher | undefined
  readonly clock: Clock
}

/** How a session ended. */
export interface SessionEnd {
  /** Whose doing it was. */
  readonly by: 'client' | 'server' | 'proxy'
  readonly error: PgoauthError | undefined
  /** The server connection is idle, outside a transaction, with nothing owed. */
  readonly isClean: boolean
  readonly bytesFromClient: number
  readonly bytesFromServer: number
}

/** A client that does not read its last message in this time has it lost. */
const LAST_WORD_MS = 5_000
/** Memory of chunks at least this large is given back to who read them, once the client's socket is done with it. */
const LARGE_CHUNK_BYTES = 8 * 1024
const MAX_LENT = 4

/**
 * Carries a session's bytes through its gate, from the first statement to the end. Neither side is read while the other
 * does not take what it was sent, or the gate is waiting: memory is bounded by the sockets' own buffers.
 */
export class Session {
  readonly gate: SessionGate
  /** Settled when both directions are done; the server socket is then free of listeners, and paused. */
  readonly ended: Promise<SessionEnd>
  readonly #options: SessionOptions
  #isStalled = false
  #isOver = false
  #bytesFromClient = 0
  #bytesFromServer = 0
  /** Memory of the server's chunks that may still wait to be written to the client. */
  readonly #lent: ArrayBufferLike[] = []
  #lastActiveMs: number
  readonly #stopReading: (() => void)[] = []
  #resolve: (end: SessionEnd) => void = () => {}

  constructor(options: SessionOptions) {
    this.#options = options
    this.#lastActiveMs = options.clock.nowMs()
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.gate = options.openGate({
      toServer: (chunk) => {
        if (options.server.writable && !options.server.write(chunk)) options.client.pause()
      },
      toClient: (chunk) => {
        if (options.client.writable && !options.client.write(chunk)) options.server.pause()
      },
      onStall: (isStalled) => {
        this.#isStalled = isStalled
        if (isStalled) options.client.pause()
        else this.#readClient()
      },
      onEnd: (error) => this.#end('proxy', error),
      ...(options.onRenewal && { onRenewal: options.onRenewal }),
      onParameterStatus: options.onParameterStatus,
      onCompleted: (statement) => {
        options.onCompleted()
        options.watcher?.completed(statement)
      },
      ...(options.watcher?.take && { onWholeTurn: this.#offerOf(options.watcher.take) }),
      ...(options.watcher && {
        onDirectTurn: options.watcher.send,
        onSending: (statement) => options.watcher?.sending(statement),
      }),
    })
    options.watcher?.endWith((error) => this.gate.end(error, 'now'))
  }

  /** Offers a turn to the lease, while the client takes what it is sent. */
  #offerOf(take: NonNullable<LeaseWatcher['take']>): NonNullable<GateSinks['onWholeTurn']> {
    const { client } = this.#options
    let onAnswer: Parameters<typeof take>[2] = () => {}
    const counted: typeof onAnswer = (answer) => {
      if (answer !== undefined) this.#bytesFromServer += answer.reply.length
      onAnswer(answer)
    }
    return (turn, statement, answer) => {
      onAnswer = answer
      return !client.writableNeedDrain && take(turn, statement, counted)
    }
  }

  get bytes(): { readonly fromClient: number; readonly fromServer: number } {
    return { fromClient: this.#bytesFromClient, fromServer: this.#bytesFromServer }
  }

  /** Milliseconds since the client last sent anything, where nothing is running; 0 otherwise. */
  get idleMs(): number {
    return this.gate.quiet ? this.#options.clock.nowMs() - this.#lastActiveMs : 0
  }

  /** Begins to carry. `first`: what was read of the client ahead of this. */
  start(first: Buffer): void {
    const { client, server } = this.#options
    this.#stopReading.push(readEagerly(client, this.#onClientData))
    client.on('drain', this.#onClientDrain)
    client.once('end', this.#onClientGone)
    client.once('close', this.#onClientGone)
    if (server instanceof Socket) this.#stopReading.push(readEagerly(server, this.#onServerData))
    else server.on('data', this.#onServerData)
    server.on('drain', this.#onServerDrain)
    server.once('end', this.#onServerGone)
    server.once('close', this.#onServerGone)
    if (first.length > 0) this.#onClientData(first)
    if (this.#isOver) return
    if (client.destroyed || client.readableEnded) this.#onClientGone()
    else if (server.destroyed || server.readableEnded) this.#onServerGone()
    else {
      server.resume()
      this.#readClient()
    }
  }

  readonly #onClientData = (chunk: Buffer) => {
    this.#bytesFromClient += chunk.length
    this.#lastActiveMs = this.#options.clock.nowMs()
    this.gate.fromClient(chunk)
  }

  readonly #onServerData = (chunk: Buffer) => {
    this.#bytesFromServer += chunk.length
    const { clock, server } = this.#options
    const startedAtMs = clock.nowMs()
    this.gate.fromServer(chunk)
    const tookMs = clock.nowMs() - startedAtMs
    bursts.spend(tookMs)
    if (tookMs > 0 && bursts.isOver && !this.#isOver) {
      // Of answers without number, the rest waits for a later turn of the event loop.
      server.pause()
      bursts.wait(this.#readServer)
    }
    if (chunk.length >= LARGE_CHUNK_BYTES && this.#lent.length < MAX_LENT) this.#lent.push(chunk.buffer)
  }

  readonly #onClientDrain = () => {
    if (this.#isOver) return
    for (const memory of this.#lent.splice(0)) DirectReader.giveBack(memory)
    this.#options.server.resume()
  }

  readonly #readServer = () => {
    const { client, server } = this.#options
    if (!this.#isOver && !client.writableNeedDrain) server.resume()
  }

  readonly #onServerDrain = () => this.#readClient()

  readonly #onClientGone = () => {
    this.gate.clientClosed()
    this.#end('client', undefined)
  }

  readonly #onServerGone = () => {
    this.gate.serverClosed()
    this.#end('server', new PgoauthError('SERVER_LOST'))
  }

  #readClient(): void {
    if (!this.#isOver && !this.#isStalled && !this.#options.server.writableNeedDrain) this.#options.client.resume()
  }

  #end(by: SessionEnd['by'], error: PgoauthError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    const { client, server, clock } = this.#options
    for (const stop of this.#stopReading.splice(0)) stop()
    client.off('drain', this.#onClientDrain)
    client.off('end', this.#onClientGone)
    client.off('close', this.#onClientGone)
    server.off('data', this.#onServerData)
    server.off('drain', this.#onServerDrain)
    server.off('end', this.#onServerGone)
    server.off('close', this.#onServerGone)
    server.pause()
    // What the client still sends has nobody to take it; it is read so that the end of its stream is seen.
    client.resume()
    client.end()
    const stopTimer = clock.after(LAST_WORD_MS, () => client.destroy())
    if (client.closed) stopTimer()
    else client.once('close', stopTimer)
    this.#resolve({
      by,
      error,
      isClean: this.gate.serverReusable && !server.destroyed,
      bytesFromClient: this.#bytesFromClient,
      bytesFromServer: this.#bytesFromServer,
    })
  }
}
