import type { SessionEffects } from '../sql/analysis.ts'

/**
 * Which of the settings a session began with its statements put back to what the server connection was opened with.
 * PostgreSQL would fall back to what the startup packet asked for; a connection that is shared was opened without it.
 */
export class LostSettings {
  #all = false
  readonly #names = new Set<string>()
  /** Set again behind a RESET ALL. */
  readonly #kept = new Set<string>()

  get isEmpty(): boolean {
    return !this.#all && this.#names.size === 0
  }

  /** Notes a statement that is about to run, in order. What is LOCAL ends by itself. */
  note({ set, reset, discard }: SessionEffects): void {
    if (discard === 'all' || (reset !== undefined && reset.name === undefined)) {
      this.#all = true
      this.#names.clear()
      this.#kept.clear()
    } else if (reset?.name !== undefined && !reset.local) {
      this.#names.add(reset.name)
    }
    for (const { name, local } of set ?? []) {
      if (local) continue
      this.#names.delete(name)
      if (this.#all) this.#kept.add(name)
    }
  }

  has(name: string): boolean {
    return this.#names.has(name) || (this.#all && !this.#kept.has(name))
  }
}
