/** What is known about a token's life, in wall-clock seconds. */
export interface TokenLife {
  readonly obtainedAtSeconds: number
  /** Undefined where nobody said: then it is good until it is refused. */
  readonly expiresAtSeconds: number | undefined
}

/** A token is not given out for a handshake with less than this left, since the handshake takes time too. */
const LEAST_LEFT_SECONDS = 5
const LEAST_LEFT_PART = 0.1
const REFRESH_BEFORE_END_SECONDS = 60
const REFRESH_AT_PART = 0.8
/** A wall clock that went back further than this makes every reckoning with it worthless. */
const CLOCK_SLIP_SECONDS = 60

/**
 * At 80 % of the lifetime or 60 s before the end, whichever is earlier; but not before half of it, or a token
 * that lives for a minute would never be used twice.
 */
export function refreshAtSeconds({ obtainedAtSeconds, expiresAtSeconds }: TokenLife): number {
  if (expiresAtSeconds === undefined) return Number.POSITIVE_INFINITY
  const lifetime = expiresAtSeconds - obtainedAtSeconds
  const early = Math.min(lifetime * REFRESH_AT_PART, lifetime - REFRESH_BEFORE_END_SECONDS)
  return obtainedAtSeconds + Math.max(early, lifetime / 2)
}

/** `fresh`: use it. `due`: refresh, and use it if that fails. `over`: refresh or fail. */
export function ageOf(life: TokenLife, nowSeconds: number): 'fresh' | 'due' | 'over' {
  if (nowSeconds < life.obtainedAtSeconds - CLOCK_SLIP_SECONDS) return 'over'
  if (nowSeconds < refreshAtSeconds(life)) return 'fresh'
  const end = life.expiresAtSeconds ?? 0
  const leastLeft = Math.min(LEAST_LEFT_SECONDS, (end - life.obtainedAtSeconds) * LEAST_LEFT_PART)
  return nowSeconds < end - leastLeft ? 'due' : 'over'
}
