/** A name that was given to something by a message whose answer is still to come. */
export interface Pending<Value> {
  readonly key: NameKey
  readonly value: Value
  readonly segment: number
}

/** A statement's or portal's name as the server keeps it: its first 63 bytes, one character a byte. */
export type NameKey = string

/** NAMEDATALEN - 1: the server's hash tables of statements and portals cut names there, by bytes (dynahash.c). */
const MAX_NAME_BYTES = 63

/** The key of a name that stands in a message. */
export function nameKey(bytes: Buffer): NameKey {
  return bytes.toString('latin1', 0, Math.min(bytes.length, MAX_NAME_BYTES))
}

/** The key of a name that stands in SQL. */
export function sqlNameKey(name: string): NameKey {
  return nameKey(Buffer.from(name, 'utf8'))
}

/**
 * What the names of one kind (prepared statements, portals) may stand for on the server at this point of the
 * client's stream, though answers lag behind: whatever a name can possibly mean is among its candidates.
 *
 * A *segment* is what ends at a Sync, a Query or a FunctionCall. Within one, a message that failed would take those
 * behind it along, so a name given in the running segment means just that; from earlier segments, unanswered ones and
 * the last that is sure all count.
 */
export class NameTable<Value> {
  readonly #sure = new Map<NameKey, Value>()
  readonly #pending: Pending<Value>[] = []
  /** Another number means that a name may mean something else. */
  version = 0

  candidates(key: NameKey, segment: number): readonly Value[] {
    const sure = this.#sure.get(key)
    if (this.#pending.length === 0) return sure === undefined ? [] : [sure]
    const found: Value[] = []
    for (let at = this.#pending.length - 1; at >= 0; at--) {
      const pending = this.#pending[at] as Pending<Value>
      if (pending.key !== key) continue
      if (pending.segment === segment) return [pending.value]
      found.push(pending.value)
    }
    if (sure !== undefined) found.push(sure)
    return found
  }

  /** Whether the name was given in this segment. */
  isNew(key: NameKey, segment: number): boolean {
    return this.#pending.some((pending) => pending.key === key && pending.segment === segment)
  }

  /** A message that gives the name goes to the server. */
  expect(key: NameKey, value: Value, segment: number): Pending<Value> {
    this.version++
    const pending = { key, value, segment }
    this.#pending.push(pending)
    return pending
  }

  /** The name means this from here on, for sure. */
  set(key: NameKey, value: Value): void {
    if (this.#sure.get(key) === value) return
    this.version++
    this.#sure.set(key, value)
  }

  /** The server did what was expected. */
  confirm(pending: Pending<Value>): void {
    this.version++
    this.abandon(pending)
    this.#sure.set(pending.key, pending.value)
  }

  /** It did not, or will not. */
  abandon(pending: Pending<Value>): void {
    this.version++
    const at = this.#pending.indexOf(pending)
    if (at === 0) this.#pending.shift()
    else if (at > 0) this.#pending.splice(at, 1)
  }

  /** The server dropped the name; one that is pending was given after it. */
  remove(key: NameKey): void {
    this.version++
    this.#sure.delete(key)
  }

  /** The server dropped every name but those of values to keep. */
  clear(keeps: (value: Value) => boolean = () => false): void {
    this.version++
    for (const [key, value] of this.#sure) {
      if (!keeps(value)) this.#sure.delete(key)
    }
  }
}
