/** What a server still owes, as far as the pool has to know: replies it takes out, and where each turn ends. */
export type Owed =
  /** ParseComplete or CloseComplete. `taken`: the client did not ask, so it is taken out. */
  | { readonly kind: 'parse' | 'close'; readonly taken: boolean; undo?(): void }
  /** Everything up to ReadyForQuery, of a Query, FunctionCall or Sync. `taken`: the pool's own. */
  | { readonly kind: 'turn'; readonly taken: boolean }

/**
 * The queue of what a server connection owes, in the order it was asked. An error skips what was asked up to the end
 * of its turn: that is undone, last first, when the turn ends.
 *
 * Right only where a Query never stands between extended-query messages and their Sync: after an error the server
 * would skip it (`ignore_till_sync` in postgres.c), and nothing here could tell. The caller refuses such a stream.
 */
export class RepliesOwed {
  #owed: Owed[] = []
  #at = 0

  get isEmpty(): boolean {
    return this.#at === this.#owed.length
  }

  /** The next reply belongs to a turn of the pool's own. */
  get isTaking(): boolean {
    const first = this.#owed[this.#at]
    return first?.kind === 'turn' && first.taken
  }

  add(owed: Owed): void {
    this.#owed.push(owed)
  }

  /** ParseComplete or CloseComplete came: whether it is to be taken out; undefined where nobody asked for it. */
  complete(kind: 'parse' | 'close'): boolean | undefined {
    const first = this.#owed[this.#at]
    if (first?.kind !== kind) return undefined
    this.#advance()
    return first.taken
  }

  /** ReadyForQuery came: whose turn it ended; undefined where nobody's was open. */
  endTurn(): 'client' | 'pool' | undefined {
    const skipped: Owed[] = []
    while (!this.isEmpty) {
      const first = this.#owed[this.#at] as Owed
      this.#advance()
      if (first.kind === 'turn') {
        for (const one of skipped.reverse()) if (one.kind !== 'turn') one.undo?.()
        return first.taken ? 'pool' : 'client'
      }
      skipped.push(first)
    }
    return undefined
  }

  #advance(): void {
    this.#at += 1
    if (this.#at === this.#owed.length) {
      this.#owed.length = 0
      this.#at = 0
    }
  }
}
