/** How many there are of each key. */
export class KeyCounts {
  readonly #counts = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1)
    this.#total++
  }

  /** One less; nothing is remembered of a key of which there is none. */
  remove(key: string): void {
    const left = this.of(key) - 1
    if (left < 0) return
    this.#total--
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }

  /** To be counted down in a plan. */
  copy(): Map<string, number> {
    return new Map(this.#counts)
  }
}
