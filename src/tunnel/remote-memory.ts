/** A remote side may have been replaced by one that knows the option; a person may be restarting it. */
const RENEWAL_REFUSED_MS = 10 * 60_000
/** A client that retries in a loop must not rotate refresh tokens at the issuer in the same loop. */
const REFRESH_USELESS_MS = 10_000

/** What a tunnel keeps in mind of its remote side from one connection to the next. */
export class RemoteMemory {
  #renewalAgainAtMs = 0
  #refreshAgainAtMs = 0

  /** Whether to ask for the renewal option: not while it is known to be stumbled over. */
  mayAskRenewal(nowMs: number): boolean {
    return nowMs >= this.#renewalAgainAtMs
  }

  renewalRefused(nowMs: number): void {
    this.#renewalAgainAtMs = nowMs + RENEWAL_REFUSED_MS
  }

  /** Whether a refreshed token is worth a try after a refusal: not right after one was refused as well. */
  refreshMayHelp(nowMs: number): boolean {
    return nowMs >= this.#refreshAgainAtMs
  }

  refreshDidNotHelp(nowMs: number): void {
    this.#refreshAgainAtMs = nowMs + REFRESH_USELESS_MS
  }
}
