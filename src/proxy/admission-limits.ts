import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { LimitsConfig } from '../config/proxy-config.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** Addresses remembered for rates; the oldest are forgotten first, so that a flood of them cannot fill memory. */
const MAX_ADDRESSES = 20_000

/** Counts who is here, and how fast they come. Every refusal is 53300, and names its limit in the log. */
export class AdmissionLimits {
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

  /** Counts a connection in; the returned functions count it out, once each whatever happens. @throws TOO_MANY_CLIENTS */
  enter(address: string): { handshakeDone(): void; leave(): void } {
    const { clients, handshakes, handshakeRate, clientsPerAddress } = this.#limits
    if (this.#clients >= clients) this.#refuse('clients', `${clients} clients`)
    if (this.#handshakes >= handshakes) this.#refuse('handshakes', `${handshakes} handshakes under way`)
    if (this.#window(this.#arrivals, address, SECOND_MS) >= handshakeRate) {
      this.#refuse('handshake_rate', `${handshakeRate} connections a second from ${address}`)
    }
    if ((this.#perAddress.get(address) ?? 0) >= clientsPerAddress) {
      this.#refuse('clients_per_address', `${clientsPerAddress} clients from ${address}`)
    }
    this.#count(this.#arrivals, address, SECOND_MS)
    this.#clients++
    this.#handshakes++
    add(this.#perAddress, address, 1)
    return {
      handshakeDone: once(() => {
        this.#handshakes--
      }),
      leave: once(() => {
        this.#clients--
        add(this.#perAddress, address, -1)
      }),
    }
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
