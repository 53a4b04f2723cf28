import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.ts'
import type { Secret } from '../base/secret.ts'
import type { Logout } from './logout-token.ts'
import { type Channel, type Verdict, wrong } from './verify-rules.ts'

/** Logouts remembered, and for how long: tokens that live longer come back after it. About 200 bytes each. */
const MAX_LOGOUTS = 20_000
const LOGOUT_MS = 24 * 3_600_000

export interface RevocationOptions {
  readonly clock: Clock
  /** Asks the issuer past every cache; of a verifier that may change while sessions run. */
  readonly recheck: (token: Secret, channel: Channel) => Promise<Verdict>
}

export interface WatchedToken {
  readonly token: Secret
  readonly identity: Identity
  readonly channel: Channel
  /** How often its issuer is asked about it; undefined where only a logout can end it. */
  readonly recheckMs: number | undefined
}

interface Watcher extends WatchedToken {
  readonly onRevoked: (reason: string) => void
}

interface Recheck {
  readonly watchers: Set<Watcher>
  stop: () => void
}

/**
 * Tells running sessions that their token was taken back: as introspection finds out, or as the issuer says by
 * back-channel logout. One for a process, whatever happens to its configuration.
 */
export class RevocationWatch {
  readonly #options: RevocationOptions
  readonly #watchers = new Set<Watcher>()
  /** By the SHA-256 of the token: sessions that share one share its rechecks. */
  readonly #rechecks = new Map<string, Recheck>()
  /** What was logged out, and when its issuer said so. */
  readonly #logouts = new Map<string, { readonly atSeconds: number; readonly untilMs: number }>()

  constructor(options: RevocationOptions) {
    this.#options = options
  }

  /** Calls `onRevoked` at most once, unless the returned function was called before. A renewed token is watched anew. */
  watch(session: WatchedToken, onRevoked: (reason: string) => void): () => void {
    const watcher: Watcher = { ...session, onRevoked }
    this.#watchers.add(watcher)
    if (session.recheckMs !== undefined) this.#joinRecheck(watcher, session.recheckMs)
    // It may have been logged out between its check and now.
    const reason = this.takenBack(session.identity)
    if (reason !== undefined) queueMicrotask(() => this.#tell(watcher, reason))
    return () => this.#forget(watcher)
  }

  /** Ends the sessions that a logout names, and keeps their tokens out from now on. Gives how many were told. */
  logOut(logout: Logout): number {
    const untilMs = this.#options.clock.nowMs() + LOGOUT_MS
    for (const key of keysOfLogout(logout)) {
      const atSeconds = Math.max(logout.issuedAtSeconds, this.#logouts.get(key)?.atSeconds ?? 0)
      this.#logouts.delete(key)
      this.#logouts.set(key, { atSeconds, untilMs })
    }
    this.#dropOldLogouts()
    const over = [...this.#watchers].filter(({ identity }) => this.takenBack(identity) !== undefined)
    for (const watcher of over) this.#tell(watcher, 'the issuer logged it out')
    return over.length
  }

  /** Why a token counts no more, though it is good in itself; undefined: it counts. Asked for each connection. */
  takenBack(identity: Identity): string | undefined {
    if (this.#logouts.size === 0) return undefined
    const nowMs = this.#options.clock.nowMs()
    const { iat } = identity.claims
    const isOver = keysOfIdentity(identity).some((key) => {
      const logout = this.#logouts.get(key)
      if (logout === undefined || logout.untilMs <= nowMs) return false
      // Both times are the issuer's own. What does not say when it was issued was issued before.
      return typeof iat !== 'number' || iat <= logout.atSeconds
    })
    return isOver ? wrong('logged out at the issuer since it was issued') : undefined
  }

  #joinRecheck(watcher: Watcher, recheckMs: number): void {
    const key = keyOf(watcher.token)
    const running = this.#rechecks.get(key)
    if (running) {
      running.watchers.add(watcher)
      return
    }
    const recheck: Recheck = { watchers: new Set([watcher]), stop: () => {} }
    this.#rechecks.set(key, recheck)
    const { clock } = this.#options
    const wait = () => {
      recheck.stop = clock.after(recheckMs, () => {
        const asked = this.#ask(recheck).catch(() => false)
        asked.then((isOver) => {
          if (!isOver && recheck.watchers.size > 0) wait()
        })
      })
    }
    wait()
  }

  /** Whether there is nothing left to ask. An issuer that cannot be asked has not taken anything back. */
  async #ask({ watchers }: Recheck): Promise<boolean> {
    const [one] = watchers
    if (one === undefined) return true
    const verdict = await this.#options.recheck(one.token, one.channel)
    const reason = verdict.ok ? lossOf(one.identity, verdict.identity) : verdict.reason
    if (reason === undefined || (!verdict.ok && verdict.isUnavailable)) return false
    // Past its end the session's own expiry decides, with its grace.
    const isExpired = one.identity.expiresAtSeconds * 1000 <= this.#options.clock.nowMs()
    if (!isExpired) for (const watcher of [...watchers]) this.#tell(watcher, reason)
    return true
  }

  #tell(watcher: Watcher, reason: string): void {
    if (!this.#watchers.has(watcher)) return
    this.#forget(watcher)
    watcher.onRevoked(reason)
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (watcher.recheckMs === undefined) return
    const key = keyOf(watcher.token)
    const recheck = this.#rechecks.get(key)
    if (!recheck?.watchers.delete(watcher) || recheck.watchers.size > 0) return
    recheck.stop()
    this.#rechecks.delete(key)
  }

  /** They are in the order of their end. */
  #dropOldLogouts(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const [key, { untilMs }] of this.#logouts) {
      if (untilMs > nowMs && this.#logouts.size <= MAX_LOGOUTS) return
      this.#logouts.delete(key)
    }
  }
}

/** What the issuer took back of a token without taking all of it; what it added counts from the next login. */
function lossOf(before: Identity, now: Identity): string | undefined {
  if (now.subject !== before.subject) return wrong('the issuer says that the token is somebody else’s now')
  const lost = before.scopes.filter((scope) => !now.scopes.includes(scope))
  return lost.length === 0 ? undefined : wrong(`the issuer took scopes back (${lost.join(' ')})`)
}

/**
 * Back-Channel Logout 1.0 section 2.4: without `sid` all of the person's sessions end, with it the one. A token that
 * does not say which session it belongs to may belong to that one.
 */
function keysOfLogout({ issuer, subject, sid }: Logout): string[] {
  if (sid === undefined) return [join('subject', issuer, subject)]
  const session = join('sid', issuer, sid)
  return subject === undefined ? [session] : [session, join('subject without sid', issuer, subject)]
}

function keysOfIdentity({ issuer, subject, claims: { sid } }: Identity): string[] {
  const session = sid === undefined ? join('subject without sid', issuer, subject) : join('sid', issuer, String(sid))
  return [join('subject', issuer, subject), session]
}

function join(...parts: (string | undefined)[]): string {
  return JSON.stringify(parts)
}

function keyOf(token: Secret): string {
  return createHash('sha256').update(token.reveal()).digest('base64')
}
