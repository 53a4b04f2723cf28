import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { ListenerConfig } from '../config/proxy-config.ts'
import { type Listener, openListener } from '../net/listener.ts'
import type { AdmissionLimits, OwnPlace } from './admission-limits.ts'
import { networkTest, plainAddress } from './networks.ts'
import type { ListeningAddress } from './proxy.ts'
import type { HandedClient } from './worker-calls.ts'

/** A worker as the door sees it. */
export interface DoorWorker {
  readonly id: number
  hand(client: HandedClient, socket: Socket): void
}

interface Client extends HandedClient {
  readonly place: OwnPlace | undefined
  /** Undefined once the worker has it. */
  socket: Socket | undefined
  worker: DoorWorker | undefined
  leaveIdentity: () => void
  stopTimer: () => void
}

/** A worker that has not said within this time that a socket arrived has it, or never will: see `recvmsg`, MSG_CTRUNC. */
const HAND_OVER_MS = 10_000
/** One that has so many sockets on their way to it does not get to them: others come first. */
const MANY_UNDER_WAY = 8

/**
 * The one door of a proxy of several workers: accepts every client, counts it in, and hands it to the worker that has
 * fewest. Not a byte is read here. A socket stays open here until its worker has it, so that one on its way to a worker
 * that dies goes to another.
 */
export class WorkerDoor {
  readonly #limits: AdmissionLimits
  readonly #clock: Clock
  readonly #listeners: { readonly listener: Listener; readonly config: ListenerConfig }[] = []
  readonly #clients = new Map<number, Client>()
  readonly #workers = new Map<DoorWorker, { clients: number; underWay: number }>()
  readonly #waiting = new Set<Client>()
  #lastId = 0
  #isClosed = false

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#listeners.flatMap(({ listener: { address }, config }) =>
      address.kind === 'tcp' ? [{ host: address.address, port: address.port, auth: config.auth }] : [],
    )
  }

  /** @throws LISTEN_FAILED */
  async open(listen: readonly ListenerConfig[]): Promise<void> {
    for (const [at, config] of listen.entries()) {
      const { host, port } = config.address
      const isBalancer = networkTest(config.proxyProtocolFrom ?? [])
      try {
        const wanted = { kind: 'tcp', address: host, port } as const
        const listener = await openListener(wanted, (socket) => this.#accept(socket, at, isBalancer))
        this.#listeners.push({ listener, config })
      } catch (cause) {
        fail('LISTEN_FAILED', {
          detail: `${host}:${port}: ${(cause as Error).message}`,
          fix: 'choose another port in listen, or end what holds this one',
          cause,
        })
      }
    }
  }

  /** Takes no more clients; those that no worker has yet are closed. */
  close(): void {
    this.#isClosed = true
    for (const { listener } of this.#listeners) void listener.close()
    for (const client of this.#waiting) this.#forget(client)
  }

  /** A worker takes clients from now on. */
  join(worker: DoorWorker): void {
    this.#workers.set(worker, { clients: 0, underWay: 0 })
    for (const client of this.#waiting) this.#hand(client)
  }

  /** A worker is gone, and the clients it had with it. */
  leave(worker: DoorWorker): void {
    this.#workers.delete(worker)
    for (const client of this.#clients.values()) {
      if (client.worker !== worker) continue
      if (client.socket === undefined || client.socket.destroyed || this.#isClosed) this.#forget(client)
      else this.#hand(client)
    }
  }

  clientsOf(worker: DoorWorker): number {
    return this.#workers.get(worker)?.clients ?? 0
  }

  accepted(id: number): void {
    const client = this.#clients.get(id)
    if (client) this.#arrived(client)
  }

  /** @throws TOO_MANY_CLIENTS */
  enterAddress(id: number, address: string): void {
    this.#clients.get(id)?.place?.enterAddress(address)
  }

  toldOver(id: number): void {
    try {
      this.#clients.get(id)?.place?.check()
    } catch {
      // It counts the refusal, which the worker has told.
    }
  }

  handshakeDone(id: number): void {
    this.#clients.get(id)?.place?.handshakeDone()
  }

  gone(id: number): void {
    const client = this.#clients.get(id)
    if (client) this.#forget(client)
  }

  /** @throws TOO_MANY_CLIENTS */
  enterIdentity(id: number, identity: string): void {
    const leave = this.#limits.enterIdentity(identity)
    const client = this.#clients.get(id)
    if (client) client.leaveIdentity = leave
    else leave()
  }

  #accept(socket: Socket, listener: number, isBalancer: (address: string) => boolean): void {
    socket.on('error', () => {})
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    const address = plainAddress(socket.remoteAddress ?? '')
    const isProxied = isBalancer(address)
    let place: OwnPlace | undefined
    let refused: string | undefined
    try {
      place = this.#limits.enter()
      if (!isProxied) place.enterAddress(address)
    } catch (thrown) {
      refused = asPgoauthError(thrown).detail
    }
    const id = ++this.#lastId
    const nothing = () => {}
    const known: HandedClient = { id, listener, isProxied, over: place?.over, refused }
    const client = { ...known, place, socket, worker: undefined, leaveIdentity: nothing, stopTimer: nothing }
    this.#clients.set(id, client)
    this.#hand(client)
  }

  #hand(client: Client): void {
    const { socket } = client
    client.stopTimer()
    this.#uncount(client)
    const worker = this.#pick()
    client.worker = worker
    if (worker === undefined || socket === undefined) {
      this.#waiting.add(client)
      return
    }
    this.#waiting.delete(client)
    const load = this.#workers.get(worker)
    if (load) {
      load.clients++
      load.underWay++
    }
    client.stopTimer = this.#clock.after(HAND_OVER_MS, () => this.#arrived(client))
    const { id, listener, isProxied, over, refused } = client
    worker.hand({ id, listener, isProxied, over, refused }, socket)
  }

  #pick(): DoorWorker | undefined {
    let best: DoorWorker | undefined
    let least = Number.POSITIVE_INFINITY
    for (const [worker, { clients, underWay }] of this.#workers) {
      const load = clients + (underWay >= MANY_UNDER_WAY ? 1_000_000 : 0)
      if (load >= least) continue
      best = worker
      least = load
    }
    // Of equals the one that was asked longest ago.
    const counts = best && this.#workers.get(best)
    if (best && counts) {
      this.#workers.delete(best)
      this.#workers.set(best, counts)
    }
    return best
  }

  #arrived(client: Client): void {
    client.stopTimer()
    if (client.socket === undefined) return
    client.socket.destroy()
    client.socket = undefined
    const load = client.worker && this.#workers.get(client.worker)
    if (load) load.underWay--
  }

  #uncount(client: Client): void {
    const load = client.worker && this.#workers.get(client.worker)
    if (!load) return
    load.clients--
    if (client.socket !== undefined) load.underWay--
  }

  #forget(client: Client): void {
    this.#uncount(client)
    client.stopTimer()
    client.socket?.destroy()
    this.#clients.delete(client.id)
    this.#waiting.delete(client)
    client.leaveIdentity()
    client.place?.handshakeDone()
    client.place?.leave()
  }
}
