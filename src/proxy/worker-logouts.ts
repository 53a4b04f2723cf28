import type { Clock } from '../base/clock.ts'
import type { Logout } from '../oauth/logout-token.ts'

/** As long and as many as RevocationWatch remembers, for workers that start later. */
const MAX_LOGOUTS = 20_000
const LOGOUT_MS = 24 * 3_600_000

/** What issuers logged out, in the order they said so. */
export class LogoutMemory {
  readonly #clock: Clock
  readonly #logouts = new Map<string, { readonly logout: Logout; readonly untilMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(logout: Logout): void {
    const key = JSON.stringify([logout.issuer, logout.subject, logout.sid])
    const before = this.#logouts.get(key)?.logout
    const newest = before !== undefined && before.issuedAtSeconds > logout.issuedAtSeconds ? before : logout
    this.#logouts.delete(key)
    this.#logouts.set(key, { logout: newest, untilMs: this.#clock.nowMs() + LOGOUT_MS })
    for (const [old, { untilMs }] of this.#logouts) {
      if (untilMs > this.#clock.nowMs() && this.#logouts.size <= MAX_LOGOUTS) return
      this.#logouts.delete(old)
    }
  }

  list(): readonly Logout[] {
    const nowMs = this.#clock.nowMs()
    return [...this.#logouts.values()].filter(({ untilMs }) => untilMs > nowMs).map(({ logout }) => logout)
  }
}
