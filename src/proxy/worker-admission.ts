import { fail, PgoauthError } from '../base/errors.ts'
import type { Admission, Place } from './admission-limits.ts'
import type { HandedClient, PrimaryCalls } from './worker-calls.ts'
import type { WorkerChannel } from './worker-channel.ts'

/** Counts one client where all are counted: in the primary, which let it in at the door and knows it by its number. */
export class WorkerAdmission implements Admission, Place {
  readonly #client: HandedClient
  readonly #primary: WorkerChannel<PrimaryCalls>
  #isShakingHands = true
  #isHere = true

  constructor(client: HandedClient, primary: WorkerChannel<PrimaryCalls>) {
    this.#client = client
    this.#primary = primary
  }

  get over(): string | undefined {
    return this.#client.over
  }

  enter(): Place {
    return this
  }

  async enterAddress(address: string): Promise<void> {
    const { id, refused, isProxied } = this.#client
    if (refused !== undefined) throw new PgoauthError('TOO_MANY_CLIENTS', { detail: refused })
    if (isProxied) await this.#primary.ask('enterAddress', [id, address])
  }

  check(): void {
    if (this.over === undefined) return
    this.#primary.tell('toldOver', [this.#client.id])
    fail('TOO_MANY_CLIENTS', { detail: this.over })
  }

  handshakeDone(): void {
    if (!this.#isShakingHands) return
    this.#isShakingHands = false
    this.#primary.tell('handshakeDone', [this.#client.id])
  }

  leave(): void {
    if (!this.#isHere) return
    this.#isHere = false
    this.#primary.tell('gone', [this.#client.id])
  }

  /** It leaves with the client. */
  async enterIdentity(identity: string): Promise<() => void> {
    await this.#primary.ask('enterIdentity', [this.#client.id, identity])
    return () => {}
  }

  tokenRefused(address: string): Promise<number> {
    return this.#primary.ask('tokenRefused', [address])
  }
}
