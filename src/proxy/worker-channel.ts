import type { SendHandle } from 'node:child_process'
import { Socket } from 'node:net'
import { asPgoauthError, type ErrorCode, PgoauthError } from '../base/errors.ts'

/** One end of the IPC channel between two processes of one proxy: a ChildProcess, or `process` in the child. */
export interface ChannelEnd {
  readonly connected: boolean
  send?(
    message: Packet,
    handle: SendHandle | undefined,
    options: object,
    callback: (error: Error | null) => void,
  ): boolean
  on(event: 'message', listener: (message: unknown, handle?: unknown) => void): unknown
}

type Packet =
  | { readonly call: string; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly answer: unknown; readonly id: number }
  | { readonly error: SentError; readonly id: number }

interface SentError {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly fix: string | undefined
}

/** What one side offers the other: methods by name, whose arguments and answers are structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of any method
type Methods<T> = { [K in keyof T]: (...args: any[]) => unknown }

/**
 * Calls between the primary and one worker, in both directions and in order: `tell` waits for nothing, `ask` for the
 * answer. An error of ours crosses as what it is, with its detail: both sides are one proxy.
 */
export class WorkerChannel<There extends Methods<There>> {
  readonly #end: ChannelEnd
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: PgoauthError) => void }>()
  #lastId = 0
  #isClosed = false

  constructor(end: ChannelEnd) {
    this.#end = end
  }

  /** From now on the other side's calls go to these. A socket that was handed over is the last argument. */
  serve<Here extends Methods<Here>>(here: Here): void {
    this.#end.on('message', (message, handle) => {
      // What a dead process said last is about clients that others may have by now.
      if (this.#isClosed) return
      const packet = message as Packet
      if ('call' in packet) void this.#run(here, packet, handle instanceof Socket ? [handle] : [])
      else this.#settle(packet)
    })
  }

  tell<M extends keyof There & string>(method: M, args: Parameters<There[M]>): void {
    this.#send({ call: method, args })
  }

  /** Hands a socket over; ours stays open. `args` are those before the socket. */
  hand(method: keyof There & string, args: readonly unknown[], socket: Socket): void {
    this.#send({ call: method, args }, socket)
  }

  /** @throws what the method throws; INTERNAL where the other side is gone before it answered. */
  ask<M extends keyof There & string>(method: M, args: Parameters<There[M]>): Promise<Awaited<ReturnType<There[M]>>> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed || !this.#end.connected) return reject(gone())
      const id = ++this.#lastId
      this.#asked.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#send({ call: method, args, id })
    })
  }

  /** The other side is gone: nobody waits any longer. */
  close(): void {
    this.#isClosed = true
    for (const { reject } of this.#asked.values()) reject(gone())
    this.#asked.clear()
  }

  async #run<Here extends Methods<Here>>(
    here: Here,
    { call, args, id }: Extract<Packet, { call: string }>,
    handed: readonly Socket[],
  ): Promise<void> {
    try {
      const answer: unknown = await here[call as keyof Here](...args, ...handed)
      if (id !== undefined) this.#send({ answer, id })
    } catch (thrown) {
      const { code, detail, fix } = asPgoauthError(thrown)
      if (id === undefined) throw thrown
      this.#send({ error: { code, detail, fix }, id })
    }
  }

  #settle(packet: Exclude<Packet, { call: string }>): void {
    const asked = this.#asked.get(packet.id)
    this.#asked.delete(packet.id)
    if ('answer' in packet) asked?.resolve(packet.answer)
    else {
      const { code, detail, fix } = packet.error
      asked?.reject(
        new PgoauthError(code, { ...(detail !== undefined && { detail }), ...(fix !== undefined && { fix }) }),
      )
    }
  }

  #send(packet: Packet, socket?: Socket): void {
    // The other side may die at any moment; its exit is what everyone acts on.
    if (!this.#isClosed && this.#end.connected) this.#end.send?.(packet, socket, { keepOpen: true }, () => {})
  }
}

function gone(): PgoauthError {
  return new PgoauthError('INTERNAL', { detail: 'the other process of the proxy is gone' })
}
