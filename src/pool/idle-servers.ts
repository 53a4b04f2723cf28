/** A server connection that a queue has. */
export interface QueuedServer<S> {
  readonly server: S
  readonly key: string
  /** Who holds it; undefined while idle. */
  identity: string | undefined
  idleSinceMs: number
}

/** Idle connections by key: the last one given back is lent first, so that the others grow old. */
export class IdleServers<S> {
  readonly #byKey = new Map<string, QueuedServer<S>[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Of each key that was ever idle, those that are, the longest first; empty where none is now. */
  get lists(): ReadonlyMap<string, readonly QueuedServer<S>[]> {
    return this.#byKey
  }

  add(one: QueuedServer<S>): void {
    const list = this.#byKey.get(one.key)
    if (list === undefined) this.#byKey.set(one.key, [one])
    else list.push(one)
    this.#count++
  }

  take(key: string): QueuedServer<S> | undefined {
    const one = this.#byKey.get(key)?.pop()
    if (one !== undefined) this.#count--
    return one
  }

  remove(one: QueuedServer<S>): void {
    const list = this.#byKey.get(one.key)
    const at = list?.indexOf(one) ?? -1
    if (at < 0) return
    list?.splice(at, 1)
    this.#count--
  }

  /** The one that was idle longest, over all keys. */
  get longest(): QueuedServer<S> | undefined {
    let longest: QueuedServer<S> | undefined
    for (const [first] of this.#byKey.values()) {
      if (first !== undefined && (longest === undefined || first.idleSinceMs < longest.idleSinceMs)) longest = first
    }
    return longest
  }
}
