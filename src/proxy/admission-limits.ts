import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { LimitsConfig } from '../config/proxy-config.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** Addresses remembered for rates; the oldest are forgotten first, so that a flood of them cannot fill memory. */
const MAX_ADDRESSES = 20_000

/** A connection that was counted in; each function counts out once, however often it is called. */
export interface Place {
  /** What `check` is going to say. */
  readonly over: string | undefined
  /** Once the client's address is known. @throws TOO_MANY_CLIENTS */
  enterAddress(address: string): void | Promise<void>
  /** Once the client can understand an answer. @throws TOO_MANY_CLIENTS */
  check(): void
  handshakeDone(): void
  leave(): void
}

/** Where a client is counted in: here, or in the primary of several workers. */
export interface Admission {
  /** @throws TOO_MANY_CLIENTS */
  enter(): Place
  /** Counts one more session of an identity; what is given back counts it out. @throws TOO_MANY_CLIENTS */
  enterIdentity(identity: string): (() => void) | Promise<() => void>
  /** Counts a refused token; how long this refusal is to wait, in milliseconds. */
  tokenRefused(address: string): number | Promise<number>
}

/** The place of a client in the limits of this process. */
export interface OwnPlace extends Place {
  enterAddress(address: string): void
}

/** Counts who is here, and how fast they come. Every refusal is 53300, and names its limit in the log. */
export class AdmissionLimits implements Admission {
  readonly #clock: Clock
  #limits: LimitsConfig
  #clients = 0
  #handshakes = 0
  readonly #perAddress = new Map<string, number>()
  readonly #perIdentity = new Map<string, number>()
  readonly #arrivals = new Map<string, Window>()
  readonly #failures = new Map<string, Window>()
  /** How often each limit refused somebody: for metrics. */
  readonly refusals = new Map<string, number>()

  constructor(limits: LimitsConfig, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  set limits(limits: LimitsConfig) {
    this.#limits = limits
  }

  get clients(): number {
    return this.#clients
  }

  get handshakes(): number {
    return this.#handshakes
  }

  /** Counts a connection in, before anything of it is read. @throws TOO_MANY_CLIENTS: there is no time to say it nicely. */
  enter(): OwnPlace {
    const { clients, handshakes } = this.#limits
    if (this.#handshakes >= handshakes) this.#refuse('handshakes', `${handshakes} handshakes under way`)
    this.#clients++
    this.#handshakes++
    const over = this.#clients > clients ? `${clients} clients` : undefined
    const leaves: (() => void)[] = []
    return {
      over,
      enterAddress: (address) => {
        leaves.push(this.#enterAddress(address))
      },
      check: () => {
        if (over !== undefined) this.#refuse('clients', over)
      },
      handshakeDone: once(() => {
        this.#handshakes--
      }),
      leave: once(() => {
        this.#clients--
        for (const leave of leaves) leave()
      }),
    }
  }

  #enterAddress(address: string): () => void {
    const { handshakeRate, clientsPerAddress } = this.#limits
    if (this.#window(this.#arrivals, address, SECOND_MS) >= handshakeRate) {
      this.#refuse('handshake_rate', `${handshakeRate} connections a second from ${address}`)
    }
    if ((this.#perAddress.get(address) ?? 0) >= clientsPerAddress) {
      this.#refuse('clients_per_address', `${clientsPerAddress} clients from ${address}`)
    }
    this.#count(this.#arrivals, address, SECOND_MS)
    add(this.#perAddress, address, 1)
    return () => add(this.#perAddress, address, -1)
  }

  /** Counts one more session of an identity (issuer and subject). @throws TOO_MANY_CLIENTS */
  enterIdentity(identity: string): () => void {
    const { clientsPerIdentity } = this.#limits
    if ((this.#perIdentity.get(identity) ?? 0) >= clientsPerIdentity) {
      this.#refuse('clients_per_identity', `${clientsPerIdentity} sessions of ${identity}`)
    }
    add(this.#perIdentity, identity, 1)
    return once(() => add(this.#perIdentity, identity, -1))
  }

  /** Counts a refused token; how long this refusal is to wait, in milliseconds. */
  tokenRefused(address: string): number {
    this.#count(this.#failures, address, MINUTE_MS)
    const { tokenFailures, failureDelayMs } = this.#limits
    if (this.#window(this.#failures, address, MINUTE_MS) <= tokenFailures) return 0
    this.#tally('token_failures')
    return failureDelayMs
  }

  #refuse(limit: string, detail: string): never {
    this.#tally(limit)
    fail('TOO_MANY_CLIENTS', { detail: `limits.${limit}: ${detail}` })
  }

  #tally(limit: string): void {
    this.refusals.set(limit, (this.refusals.get(limit) ?? 0) + 1)
  }

  #window(windows: Map<string, Window>, key: string, lengthMs: number): number {
    const window = windows.get(key)
    return window && this.#clock.nowMs() - window.startMs < lengthMs ? window.count : 0
  }

  #count(windows: Map<string, Window>, key: string, lengthMs: number): void {
    const window = windows.get(key)
    const nowMs = this.#clock.nowMs()
    if (window && nowMs - window.startMs < lengthMs) {
      window.count++
      return
    }
    windows.delete(key)
    if (windows.size >= MAX_ADDRESSES) {
      for (const oldest of windows.keys()) {
        windows.delete(oldest)
        break
      }
    }
    windows.set(key, { startMs: nowMs, count: 1 })
  }
}

interface Window {
  readonly startMs: number
  count: number
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    action()
  }
}
