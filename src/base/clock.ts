/**
 * Where time comes from. Everything that reads the time or waits takes one of these, so that a test can
 * stand still. Wall-clock milliseconds since 1970: a laptop that slept has a later `nowMs`, though none
 * of its timers ran.
 */
export interface Clock {
  nowMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `action` once after `ms`, unless the returned function was called before. */
  after(ms: number, action: () => void): () => void
}

/** setTimeout turns a longer delay into 1 ms, so a longer one is waited for in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = systemClock.after(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = () => {
        stop()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
  after(ms, action) {
    let left = ms
    let timer: NodeJS.Timeout
    const wait = () => {
      const piece = Math.min(left, LONGEST_TIMER_MS)
      left -= piece
      timer = setTimeout(left > 0 ? wait : action, piece)
    }
    wait()
    return () => clearTimeout(timer)
  },
}

/** Whole seconds since 1970, the unit of `exp` and `nbf` (RFC 7519 section 2, NumericDate). */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000)
}
