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
  /** From `#at` to before `#end`; it begins again at the front whenever it is empty. */
  readonly #owed: Owed[] = []
  #at = 0
  #end = 0

  get isEmpty(): boolean {
    return this.#at === this.#end
  }

  /** The next reply belongs to a turn of the pool's own. */
  get isTaking(): boolean {
    const first = this.#first
    return first?.kind === 'turn' && first.taken
  }

  add(owed: Owed): void {
    this.#owed[this.#end++] = owed
  }

  /** ParseComplete or CloseComplete came: whether it is to be taken out; undefined where nobody asked for it. */
  complete(kind: 'parse' | 'close'): boolean | undefined {
    const first = this.#first
    if (first?.kind !== kind) return undefined
    this.#advance()
    return first.taken
  }

  /** ReadyForQuery came: whose turn it ended; undefined where nobody's was open. */
  endTurn(): 'client' | 'pool' | undefined {
    const skipped: Owed[] = []
    for (let first = this.#first; first !== undefined; first = this.#first) {
      this.#advance()
      if (first.kind === 'turn') {
        for (const one of skipped.reverse()) if (one.kind !== 'turn') one.undo?.()
        return first.taken ? 'pool' : 'client'
      }
      skipped.push(first)
    }
    return undefined
  }

  get #first(): Owed | undefined {
    return this.isEmpty ? undefined : this.#owed[this.#at]
  }

  #advance(): void {
    this.#owed[this.#at] = ANSWERED
    this.#at += 1
    if (this.#at === this.#end) {
      this.#at = 0
      this.#end = 0
    }
  }
}

/** In the place of what is owed no more, so that nothing is kept of it. */
const ANSWERED: Owed = { kind: 'turn', taken: false }
