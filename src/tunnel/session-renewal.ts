import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { encodeInitialResponse } from '../sasl/oauthbearer.ts'
import type { AccessToken, TokenSource } from '../tokens/token-source.ts'
import { encodeSaslResponse } from '../wire/authentication.ts'
import { MessageBoundary } from './message-boundary.ts'

export interface RenewalOptions {
  readonly token: AccessToken
  readonly tokens: TokenSource
  readonly clock: Clock
  readonly log: Log
  /** Writes to the remote side, behind all that `through` has given. */
  readonly send: (bytes: Buffer) => void
}

/** As early as the token source itself renews: 80 % of the lifetime, or a minute before the end. */
const LEAD_MS = 60_000
const LEAD_SHARE = 0.2
/** A token source that has nothing newer yet, or an issuer that is down, is asked again, but not in a hurry. */
const SHORTEST_WAIT_MS = 1000

/**
 * Keeps one session's token fresh: before it expires, a SASLResponse with a new one goes to the remote side at a
 * message boundary. There is no answer; a remote side that refuses the token ends the session (DESIGN section 9).
 */
export class SessionRenewal {
  readonly #options: RenewalOptions
  readonly #boundary = new MessageBoundary()
  #token: AccessToken
  /** A renewal that waits for the end of a message that the client has begun. */
  #due: Buffer | undefined
  #stopTimer = () => {}
  #stopped = false

  constructor(options: RenewalOptions) {
    this.#options = options
    this.#token = options.token
    this.#schedule()
  }

  /** What to send in place of this chunk of the client's. */
  readonly through = (chunk: Buffer): Buffer => {
    const end = this.#boundary.advance(chunk)
    const due = this.#due
    if (due === undefined || end < 0) return chunk
    this.#due = undefined
    return Buffer.concat([chunk.subarray(0, end), due, chunk.subarray(end)])
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer()
  }

  #schedule(): void {
    const { expiresAtSeconds } = this.#token
    if (expiresAtSeconds === undefined || this.#stopped) return
    const leftMs = expiresAtSeconds * 1000 - this.#options.clock.nowMs()
    const leadMs = Math.min(Math.max(LEAD_MS, leftMs * LEAD_SHARE), leftMs / 2)
    this.#wait(leftMs - leadMs)
  }

  #wait(ms: number): void {
    if (this.#stopped) return
    this.#stopTimer = this.#options.clock.after(Math.max(ms, SHORTEST_WAIT_MS), () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { tokens, clock, log } = this.#options
    try {
      const fresh = await tokens.fresh()
      if (this.#stopped) return
      if (fresh.token.reveal() === this.#token.token.reveal()) return this.#schedule()
      this.#token = fresh
      const message = encodeSaslResponse(encodeInitialResponse(fresh.token))
      if (this.#boundary.here) this.#options.send(message)
      else this.#due = message
      log.debug({ expiresAtSeconds: fresh.expiresAtSeconds }, 'session renewed')
      this.#schedule()
    } catch (error) {
      const leftMs = (this.#token.expiresAtSeconds ?? 0) * 1000 - clock.nowMs()
      log.warn({ err: error, leftMs }, 'the session could not be renewed yet')
      this.#wait(Math.max(leftMs / 4, LEAD_MS / 6))
    }
  }
}
