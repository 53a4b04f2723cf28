import type { AuditEvent } from '../audit/audit-event.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { RevocationWatch } from '../oauth/revocation-watch.ts'
import type { Channel, Verdict } from '../oauth/verify-rules.ts'
import { decodeInitialResponse } from '../sasl/oauthbearer.ts'
import type { Generation } from './generation.ts'

export interface SessionTokenOptions {
  readonly identity: MappedIdentity
  readonly token: Secret
  readonly channel: Channel
  readonly generation: () => Generation
  readonly revocations: RevocationWatch
  readonly clock: Clock
  readonly log: Log
  readonly record: (event: AuditEvent) => void
  readonly end: (error: PgoauthError, when: 'now' | 'statement') => void
  /** The identity is another: grants and role are to be looked at again. */
  readonly onRenewed: () => void
}

/** Renewals that wait for their check: a tunnel sends one and waits for hours, and each may hold 64 KB. */
const MAX_WAITING = 4
/** A renewal that its issuer could not be asked about is tried again after this, as long as the token at hand is good. */
const RETRY_MS = 5_000

/** The token a session lives by (DESIGN section 9): it ends with it, is renewed by another, and is taken back with it. */
export class SessionToken {
  readonly #options: SessionTokenOptions
  #identity: MappedIdentity
  #token: Secret
  #stops: (() => void)[] = []
  #isOver = false
  /** The session ends at the end of what runs; what else it sends until then is not looked at. */
  #isRefused = false
  #renewing: Promise<void> = Promise.resolve()
  #waiting = 0
  #renewals = 0

  constructor(options: SessionTokenOptions) {
    this.#options = options
    this.#identity = options.identity
    this.#token = options.token
  }

  get identity(): MappedIdentity {
    return this.#identity
  }

  /** Sets the timers of the token's end, and watches for its being taken back. */
  watch(): void {
    this.#stopAll()
    const { clock, generation, revocations, channel, end, log, record } = this.#options
    const { sessions, issuers } = generation().config
    const expired = () => new PgoauthError('TOKEN_EXPIRED')
    // At a statement's end; one that goes on is given a little longer.
    const afterMs = Math.max(this.#identity.expiresAtSeconds * 1000 + sessions.graceMs - clock.nowMs(), 0)
    const issuer = issuers.find((one) => one.issuer === this.#identity.issuer)
    const recheckMs = issuer?.tokens === 'introspection' ? sessions.recheckMs : undefined
    const watched = { token: this.#token, identity: this.#identity, channel, recheckMs }
    this.#stops.push(
      clock.after(afterMs, () => end(expired(), 'statement')),
      clock.after(afterMs + sessions.expiryTransactionLimitMs, () => end(expired(), 'now')),
      revocations.watch(watched, (reason) => {
        log.info({ reason }, 'the token was taken back')
        record({ event: 'token_refused', reason })
        end(new PgoauthError('SESSION_ENDED', { detail: reason }), 'now')
      }),
    )
  }

  close(): void {
    this.#isOver = true
    this.#stopAll()
  }

  /** Takes the body of a SASLResponse that came in mid-session; one after another, in the order in which they came. */
  renew(body: Buffer): void {
    if (this.#isRefused) return
    if (this.#waiting >= MAX_WAITING) {
      this.#refuse(refusal('too many renewals at once'))
      return
    }
    this.#waiting++
    const number = ++this.#renewals
    this.#renewing = this.#renewing.then(() => this.#renew(body, number)).finally(() => this.#waiting--)
  }

  #refuse(error: PgoauthError): void {
    const { log, record, end } = this.#options
    const reason = error.detail ?? error.say
    this.#isRefused = true
    log.info({ reason }, 'renewal refused')
    record({ event: 'token_refused', reason })
    end(error, 'statement')
  }

  /** Nothing is known against the token: the session goes on with the one it has, to whose end it is tried again. */
  #retry(body: Buffer, number: number, { message }: PgoauthError): void {
    const { log, clock } = this.#options
    log.warn({ reason: message }, 'a renewal could not be checked')
    const again = () => {
      // A newer one is on its way, or was taken.
      if (number === this.#renewals) this.#renewing = this.#renewing.then(() => this.#renew(body, number))
    }
    this.#stops.push(clock.after(RETRY_MS, again))
  }

  async #renew(body: Buffer, number: number): Promise<void> {
    if (this.#isOver || this.#isRefused) return
    const { log, record, onRenewed } = this.#options
    try {
      const { token, identity } = await this.#check(body)
      if (this.#isOver || this.#isRefused) return
      this.#token = token
      this.#identity = identity
      record({ event: 'token_renewed' })
      log.info({ expires_at: identity.expiresAtSeconds }, 'token renewed')
      this.watch()
      onRenewed()
    } catch (thrown) {
      const error = asPgoauthError(thrown)
      if (error.code === 'ISSUER_UNREACHABLE') this.#retry(body, number, error)
      else this.#refuse(error)
    }
  }

  /** @throws BAD_SASL, AUTHZID_REFUSED; TOKEN_REFUSED with the precise reason; ISSUER_UNREACHABLE */
  async #check(body: Buffer): Promise<{ token: Secret; identity: MappedIdentity }> {
    const { generation, channel, revocations } = this.#options
    const { token, malformed } = decodeInitialResponse(body)
    if (token === undefined) throw refusal(malformed ?? 'a renewal without a token')
    const verdict: Verdict = await generation().verifier.verify(token, channel)
    if (!verdict.ok && verdict.isUnavailable) throw new PgoauthError('ISSUER_UNREACHABLE', { detail: verdict.reason })
    if (!verdict.ok) throw refusal(verdict.reason)
    const { issuer, subject } = verdict.identity
    if (issuer !== this.#identity.issuer || subject !== this.#identity.subject) {
      throw refusal('the new token is of another issuer or subject')
    }
    const takenBack = revocations.takenBack(verdict.identity)
    if (takenBack !== undefined) throw refusal(takenBack)
    return { token, identity: { ...verdict.identity, role: this.#identity.role } }
  }

  #stopAll(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }
}

function refusal(detail: string): PgoauthError {
  return new PgoauthError('TOKEN_REFUSED', { detail })
}
