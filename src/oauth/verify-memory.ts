export interface MemoryBounds {
  readonly maxEntries: number
  readonly maxWeight: number
}

/** A map that forgets its oldest entries where there are too many, or they weigh too much together. */
export class BoundedMemory<T extends { readonly weight: number }> {
  readonly #bounds: MemoryBounds
  readonly #entries = new Map<string, T>()
  #weight = 0

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  set(key: string, entry: T): void {
    const { maxEntries, maxWeight } = this.#bounds
    this.delete(key)
    this.#entries.set(key, entry)
    this.#weight += entry.weight
    // A Map keeps the order of insertion.
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries && this.#weight <= maxWeight) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0
    this.#entries.delete(key)
  }
}
